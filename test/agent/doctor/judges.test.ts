import { describe, expect, it } from 'vitest';
import { judgeAgent } from '../../../src/agent/doctor/doctor.js';
import { judgeDisk, judgeFiles, judgeNewestEvent } from '../../../src/agent/doctor/files.js';
import { judgeNeighbours } from '../../../src/agent/doctor/firewall.js';
import {
  isSameUnit,
  judgeCertificate,
  judgeLosses,
  judgeService,
} from '../../../src/agent/doctor/service.js';
import type { StatusView } from '../../../src/api/views.js';
import { decideSettings } from '../../../src/config/load.js';
import type { ClosedChain } from '../../../src/firewall/neighbours.js';

const DAY_MS = 86_400_000;
const loaded = decideSettings({ file: null, env: { XDG_STATE_HOME: '/state' }, flags: {} }, null);

describe('files', () => {
  const folder = { mode: 0o40700, uid: 100, gid: 100 };
  const check = (facts: Readonly<Record<string, typeof folder | 'denied'>>) =>
    judgeFiles(loaded, true, (path) =>
      Promise.resolve(facts[path.replace('/state/sentrypeer', '')] ?? null),
    );

  it('that are not there are no fault', async () => {
    expect(await check({})).toMatchObject([{ outcome: 'ok', what: 'none yet' }]);
  });

  it('of the right mode and owner are good', async () => {
    const found = await check({ '': folder, '/sentrypeer.db': { ...folder, mode: 0o100600 } });
    expect(found).toMatchObject([{ outcome: 'ok' }]);
  });

  it('that are links, or behind one, are told without a command', async () => {
    const link = '/state/sentrypeer/sentrypeer.db';
    const strange = { ...folder, uid: 0, mode: 0o100644, link };
    const found = await check({ '': folder, '/sentrypeer.db': strange });
    expect(found).toHaveLength(2);
    for (const { remedy } of found) expect(remedy).toMatch(/^\S+ is a link: look where it leads/);
  });

  it('that others may read are told with the command that mends it', async () => {
    const found = await check({ '': folder, '/secret': { ...folder, mode: 0o100644 } });
    expect(found).toMatchObject([
      { outcome: 'warn', remedy: 'chmod 600 /state/sentrypeer/secret' },
    ]);
  });

  it('that root left behind keep the service from writing', async () => {
    const left = { mode: 0o100600, uid: 0, gid: 0 };
    const found = await check({ '': folder, '/sentrypeer.db': left });
    expect(found).toMatchObject([
      { outcome: 'fail', remedy: 'chown -h 100:100 /state/sentrypeer/sentrypeer.db' },
    ]);
  });

  it('that this user may not see are unknown', async () => {
    expect(await check({ '/sentrypeer.db': 'denied' })).toMatchObject([{ outcome: 'unknown' }]);
  });
});

describe('an agent that does not run', () => {
  const startOf = (file: string | null) => {
    const settings = decideSettings({ file, env: { XDG_STATE_HOME: '/state' }, flags: {} }, '');
    return judgeAgent(null, settings).remedy;
  };

  it.each([
    [null, 'sentrypeer-agent run'],
    ['my.conf', 'sentrypeer-agent run -c my.conf'],
    ['/etc/sentrypeer/sentrypeer.conf', 'systemctl start sentrypeer-agent'],
  ])('with the configuration %s is started by: %s', (file, remedy) => {
    expect(startOf(file)).toBe(remedy);
  });
});

describe('disk and clock', () => {
  const MIB = 1_048_576;
  it.each([
    [63 * MIB, 0, 16 * MIB, 'fail'],
    [500 * MIB, 100 * MIB, 1024 * MIB, 'warn'],
    [500 * MIB, 600 * MIB, 1024 * MIB, 'ok'],
    [500 * MIB, 0, null, 'ok'],
  ] as const)('%i free, %i used of %o: %s', (free, used, allowed, outcome) => {
    expect(judgeDisk(free, used, allowed).outcome).toBe(outcome);
  });

  it('an event that is yet to come means that the clock went back', () => {
    expect(judgeNewestEvent(null, 0)).toBeNull();
    expect(judgeNewestEvent(60_000_000, 0)).toBeNull();
    expect(judgeNewestEvent(60_000_001, 0)).toMatchObject({ check: 'clock', outcome: 'warn' });
  });
});

describe('other firewalls', () => {
  const chain: ClosedChain = {
    family: 'inet',
    table: 'filter',
    chain: 'input',
    hook: 'input',
    opened: [{ protocol: 'udp', from: 5060, to: 5060 }],
    unclear: false,
  };
  const wanted = (['udp', 'tcp'] as const).map((transport) => ({
    transport,
    address: '0.0.0.0',
    port: 5060,
  }));

  it.each([
    ['none is closed', [], [], { outcome: 'ok' }],
    [
      'one names all ports',
      [{ ...chain, opened: [{ protocol: null, from: 1, to: 9999 }] }],
      [],
      { outcome: 'ok' },
    ],
    [
      'one leaves TCP out',
      [chain],
      [],
      { outcome: 'warn', remedy: 'nft insert rule inet filter input tcp dport 5060 accept' },
    ],
    ['one leaves TCP out, under ufw', [chain], ['ufw'], { remedy: 'ufw allow 5060/tcp' }],
    ['one cannot be read', [{ ...chain, unclear: true }], [], { outcome: 'unknown' }],
  ] as const)('%s', (_, closed, managers, expected) => {
    expect(judgeNeighbours(closed, wanted, managers)).toMatchObject([expected]);
  });
});

describe('service, certificate and losses', () => {
  const shown = (active: string, enabled: string, restarts: number): string =>
    `ActiveState=${active}\nSubState=x\nUnitFileState=${enabled}\nNRestarts=${restarts}`;
  it.each([
    [shown('active', 'enabled', 0), 'ok'],
    [shown('active', 'enabled', 3), 'warn'],
    [shown('active', 'disabled', 0), 'warn'],
    [shown('inactive', 'enabled', 0), 'warn'],
    [shown('failed', 'enabled', 0), 'fail'],
    [null, 'unknown'],
  ] as const)('%o is %s', (text, outcome) => {
    expect(judgeService(text).outcome).toBe(outcome);
  });

  it('a unit is the same with another Node', () => {
    const unit = '# a\n[Service]\nExecStart=/usr/bin/node x\nUser=sentrypeer\n';
    expect(isSameUnit(unit, unit.replace('/usr/bin', '/opt/bin'))).toBe(true);
    expect(isSameUnit(unit, unit.replace('User=', 'User=x'))).toBe(false);
  });

  it.each([
    [-1, false, 'fail'],
    [5, false, 'warn'],
    [90, false, 'ok'],
    [5, true, 'ok'],
  ] as const)('a certificate that ends in %i days, ours %o: %s', (days, own, outcome) => {
    expect(judgeCertificate('/a.pem', days * DAY_MS + 1, own, 0).outcome).toBe(outcome);
  });

  it('only losses that a healthy agent does not have are told', () => {
    const status = (hit: Readonly<Record<string, number>>, error: string | null): StatusView =>
      // Two of its fields are read.
      ({ limits_hit: hit, store: { last_error: error } }) as unknown as StatusView;
    expect(judgeLosses(status({ connections_refused: 7, kernel_drops: 0 }, null))).toMatchObject([
      { outcome: 'ok' },
    ]);
    expect(judgeLosses(status({ kernel_drops: 3 }, 'disk full'))).toMatchObject([
      { outcome: 'warn', what: 'kernel drops: 3' },
      { outcome: 'fail', what: 'the store: disk full' },
    ]);
  });
});
