import { describe, expect, it } from 'vitest';
import {
  describeBarrier,
  findBarrier,
  openingCommand,
  type Need,
  type PathFacts,
  type Who,
} from '../../../src/core/model/access.js';

const service: Who = {
  uid: 990,
  gids: [990, 44],
  user: 'sentrypeer',
  group: 'sentrypeer',
  isService: true,
};
const person: Who = { uid: 1000, gids: [1000], user: 'kim', group: 'kim', isService: false };

const NAMES: Readonly<Record<number, string>> = { 0: 'root', 990: 'sentrypeer', 44: 'adm' };

/** `root:root 755 /etc/` as facts; a path that ends with `/` is a folder. */
function facts(text: string): PathFacts {
  const [owners = '', mode = '', path = ''] = text.split(' ');
  const [owner = '', ownerGroup = ''] = owners.split(':');
  const idOf = (name: string) =>
    Number(Object.entries(NAMES).find(([, each]) => each === name)?.[0]);
  const isFolder = path.endsWith('/');
  return {
    path: isFolder && path !== '/' ? path.slice(0, -1) : path,
    isFolder,
    mode: Number.parseInt(mode, 8),
    uid: idOf(owner),
    gid: idOf(ownerGroup),
    owner,
    ownerGroup,
    link: null,
  };
}

function check(way: readonly string[], who: Who, need: Need): string {
  const barrier = findBarrier(way.map(facts), who, need);
  if (barrier === null) return 'open';
  return `${describeBarrier(barrier, who)}; ${openingCommand(barrier, who) ?? 'nothing'}`;
}

const ETC = ['root:root 755 /', 'root:root 755 /etc/', 'root:root 755 /etc/sentrypeer/'];
const CONF = '/etc/sentrypeer/sentrypeer.conf';
const STATE = ['root:root 755 /', 'root:root 755 /var/', 'root:root 755 /var/lib/'];

describe('what the mode bits shut', () => {
  it.each<[string, readonly string[], Who, Need, string]>([
    [
      'a configuration that only root may read',
      [...ETC, `root:root 600 ${CONF}`],
      service,
      'read',
      `${CONF} belongs to root:root with mode 600: user sentrypeer may not read it; ` +
        `chgrp sentrypeer ${CONF} && chmod 640 ${CONF}`,
    ],
    ['one that its group may read', [...ETC, `root:adm 640 ${CONF}`], service, 'read', 'open'],
    ['one that all may read', [...ETC, `root:root 644 ${CONF}`], person, 'read', 'open'],
    [
      'one that is none of a person’s business',
      [...ETC, `root:root 600 ${CONF}`],
      person,
      'read',
      `${CONF} belongs to root:root with mode 600: user kim may not read it; nothing`,
    ],
    [
      'a folder on the way',
      [
        'root:root 755 /',
        'root:root 755 /etc/',
        'root:root 700 /etc/sentrypeer/',
        `root:root 644 ${CONF}`,
      ],
      service,
      'read',
      '/etc/sentrypeer belongs to root:root with mode 700: user sentrypeer may not go through it; ' +
        'chgrp sentrypeer /etc/sentrypeer && chmod 710 /etc/sentrypeer',
    ],
    [
      'a lock that a command of root’s left behind',
      [
        ...STATE,
        'sentrypeer:sentrypeer 700 /var/lib/sentrypeer/',
        'root:root 600 /var/lib/sentrypeer/s.db.lock',
      ],
      service,
      'write',
      '/var/lib/sentrypeer/s.db.lock belongs to root:root with mode 600: user sentrypeer may not write it; ' +
        'chown -h sentrypeer:sentrypeer /var/lib/sentrypeer/s.db.lock',
    ],
    [
      'a state folder of root’s',
      [...STATE, 'root:root 700 /var/lib/sentrypeer/'],
      service,
      'write',
      '/var/lib/sentrypeer belongs to root:root with mode 700: user sentrypeer may not write it; ' +
        'chown -h sentrypeer:sentrypeer /var/lib/sentrypeer',
    ],
    [
      'a file of its own that may not be written',
      ['root:root 755 /', 'sentrypeer:sentrypeer 400 /srv.db'],
      service,
      'write',
      '/srv.db belongs to sentrypeer:sentrypeer with mode 400: user sentrypeer may not write it; chmod 600 /srv.db',
    ],
    [
      'a folder of the system',
      [...STATE],
      service,
      'write',
      '/var/lib belongs to root:root with mode 755: user sentrypeer may not write it; nothing',
    ],
    [
      'nothing to root',
      ['root:root 700 /', 'root:root 000 /a'],
      { ...person, uid: 0 },
      'write',
      'open',
    ],
  ])('%s', (_, way, who, need, expected) => {
    expect(check(way, who, need)).toBe(expected);
  });

  it('quotes a path that a shell would take apart', () => {
    const barrier = findBarrier(
      [facts('root:root 755 /'), { ...facts('root:root 600 /a'), path: "/my conf's; rm" }],
      service,
      'read',
    );
    expect(barrier && openingCommand(barrier, service)).toContain(`chmod 640 '/my conf'\\''s; rm'`);
  });

  it('names no command that would follow a link', () => {
    const way = [...STATE, `root:root 600 /var/lib/s.db`].map(facts);
    const at = way.at(-1);
    if (at === undefined) throw new Error('no way');
    const barrier = findBarrier([...way.slice(0, -1), { ...at, link: at.path }], service, 'read');
    expect(barrier && openingCommand(barrier, service)).toBeNull();
    expect(barrier && describeBarrier(barrier, service)).toContain(
      '(/var/lib/s.db is a link: look where it leads',
    );
  });
});
