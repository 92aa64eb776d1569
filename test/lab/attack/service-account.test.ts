import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab } from '../lab.js';
import { requireLab } from '../require-lab.js';
import { openBox, type ServiceBox } from '../service-box.js';

const needs = requireLab(['nft', 'systemd', 'unshare', 'setpriv']);

const STATE = '/var/lib/sentrypeer';
const LOGS = '/var/log/sentrypeer';

/** What the holder of the service account wants: a file and a folder of root's. */
const PRIZES = `
  rm -rf /root/prize; mkdir -m 700 /root/prize /root/prize/folder
  echo 'root:hash' >/root/prize/secret; chmod 600 /root/prize/secret
  : >/root/prize/empty; chmod 600 /root/prize/empty; touch -d @1 /root/prize/*`;
const LOOK = `find /root/prize -printf '%P %M %u %g %s %T@\\n' | sort; md5sum /root/prize/secret /root/prize/empty`;

/** Each command that reads or writes what the agent keeps; all look for the lock first. */
const ALL = [
  'status',
  'doctor',
  'blocks list',
  'blocks add 203.0.113.9 --for 1h',
  'blocks remove 203.0.113.9',
  'blocks export',
  'events list',
  'sources show 203.0.113.9',
  'stats',
  'numbers list',
  'protect list',
  'jobs list',
  'jobs run log_archive',
  'logs archive',
  'db check',
  'db migrate',
  'db prune',
  'db vacuum',
  'db backup',
  'replay --database /var/lib/sentrypeer/sentrypeer.db',
] as const;

const SOME = [
  'status',
  'blocks add 203.0.113.9 --for 1h',
  'logs archive',
  'db migrate',
  'db backup',
  'doctor',
  'run --json',
] as const;

describe.skipIf(needs.skip)(`the service account ${needs.note}`, { timeout: 180_000 }, () => {
  let lab: Lab;
  let box: ServiceBox;

  beforeAll(async () => {
    lab = await createLab();
    box = openBox(lab.agent);
    // The box shows this machine's own folders, where an agent may have run.
    await box.must(`rm -rf ${STATE} ${LOGS} /etc/sentrypeer; bin/run.js install`);
    await box.must(`systemctl stop sentrypeer-agent.service sentrypeer-agent-expiry.timer
      rm -rf /root/clean; cp -a ${STATE} /root/clean; cp -a ${LOGS} /root/clean-logs`);
  }, 90_000);
  afterAll(async () => {
    await box.close();
    await lab.close();
  });

  /** Everything as the service left it when it was stopped. */
  const RESET = `rm -rf ${STATE} ${LOGS}; cp -a /root/clean ${STATE}; cp -a /root/clean-logs ${LOGS}`;
  const asService = (script: string): string =>
    `setpriv --reuid sentrypeer --regid sentrypeer --init-groups bash -ec '${script}'`;

  /** What root types after the attack leaves the prizes as they were. */
  const check = async (attack: string, commands: readonly string[]): Promise<void> => {
    await box.must(`${RESET}; ${PRIZES}; ${asService(attack)}; ${LOOK} >/tmp/before`);
    for (const command of commands) {
      // Whatever it answers: an attack may well spoil what the service keeps.
      const { output } = await box.run(
        `timeout 4 sentrypeer-agent ${command}; ${LOOK} >/tmp/after; diff /tmp/before /tmp/after && echo UNTOUCHED`,
      );
      expect(`${command}: ${output}`).toContain('UNTOUCHED');
      expect(output).not.toMatch(/INTERNAL|root:hash/);
    }
    const leaked = `find ${STATE} ${LOGS} -type f -print0 | xargs -0r zgrep -l 'root:hash' || true`;
    expect(await box.must(leaked)).toBe('');
  };

  it.each([
    ['the log', `rm ${LOGS}/sentrypeer.log; ln -s /root/prize/secret ${LOGS}/sentrypeer.log`],
    [
      'the JSON log',
      `rm -f ${LOGS}/sentrypeer.json; ln -s /root/prize/secret ${LOGS}/sentrypeer.json`,
    ],
    [
      'the lock',
      `rm ${STATE}/sentrypeer.db.lock; ln -s /root/prize/empty ${STATE}/sentrypeer.db.lock`,
    ],
    ['the database', `rm ${STATE}/sentrypeer.db*; ln -s /root/prize/empty ${STATE}/sentrypeer.db`],
    [
      'a database to come',
      `rm ${STATE}/sentrypeer.db*; ln -s /root/prize/new ${STATE}/sentrypeer.db`,
    ],
    ['the secret', `rm ${STATE}/secret; ln -s /root/prize/new ${STATE}/secret`],
    [
      'the folder of the backups',
      `rm -rf ${STATE}/backups; ln -s /root/prize/folder ${STATE}/backups`,
    ],
  ])('gets nothing of root by a link for %s', async (_, attack) => {
    await check(attack, attack.includes('.lock') ? ALL : SOME);
  });

  it('gets nothing written to where a link of its own leads, and root is told', async () => {
    await box.must(`${RESET}; ${PRIZES}; ${LOOK} >/tmp/before
      ${asService('mkdir /tmp/its')}
      ${asService(`ln -s /root/prize/folder /tmp/its/state`)}`);
    const { exitCode, output } = await box.run(
      'printf "database_file = /tmp/its/state/x.db" >/root/its.conf; sentrypeer-agent blocks add 203.0.113.9 -c /root/its.conf',
    );
    expect(output).toMatch(
      /^Error: \/tmp\/its\/state is a link to \/root\/prize\/folder that user \d+ made: root does not follow it\n {2}STATE_FOREIGN/,
    );
    expect(exitCode).toBe(5);
    await box.must(`${LOOK} >/tmp/after; diff /tmp/before /tmp/after`);
  });

  it('leaves root all that root types, and every file the service’s', async () => {
    await box.must(`${RESET}; nft list table inet sentrypeer`);
    for (const command of ALL.filter((each) => !each.startsWith('blocks remove'))) {
      const { exitCode, output } = await box.run(`sentrypeer-agent ${command}`);
      // 6: it tells that no agent runs.
      expect(`${command}: ${exitCode} ${output}`).toMatch(
        command === 'status' ? /^status: 6 / : /^[^:]*: 0 /,
      );
    }
    expect(await box.must('nft list table inet sentrypeer')).toContain('203.0.113.9 ');
    const foreign = `find ${STATE} ${LOGS} ! -user sentrypeer ! -name .made-by-sentrypeer-agent`;
    expect(await box.must(foreign)).toBe('');
    await box.must('systemctl start sentrypeer-agent.service');
    expect(await box.must('sentrypeer-agent blocks list')).toContain('203.0.113.9/32');
    await box.must('systemctl stop sentrypeer-agent.service');
    await box.must(asService('sentrypeer-agent db backup'));
  });

  it('lets root keep a backup in a folder of root’s', async () => {
    const told = await box.must(`rm -rf /root/kept; mkdir -m 700 /root/kept
      for i in 1 2 3; do sentrypeer-agent db backup --to /root/kept --keep 2; sleep 1; done`);
    expect(told).toMatch(/deleted \/root\/kept\/sentrypeer\.db\.\d{8}T\d{6}Z/);
    expect(await box.must(`stat -c '%U %a' /root/kept/*`)).toBe('root 600\nroot 600');
    expect(await box.must(`ls -d ${STATE}/backup-* || true`)).toMatch(/No such file/);
  });

  it('runs the agent that root starts by hand as the service, with root’s firewall', async () => {
    const line = await box.must(`chmod 755 /run; rm -rf /run/sentrypeer
      sentrypeer-agent run -d -c /etc/sentrypeer/sentrypeer.conf >/dev/null
      pid=$(sentrypeer-agent status --json | grep -m1 '"pid"' | tr -dc 0-9)
      ps -o ruser:20=,euser:20= -p $pid | tr -s ' '; sentrypeer-agent status | grep ^blocking; kill $pid
      while kill -0 $pid 2>/dev/null; do sleep 0.1; done`);
    expect(line).toMatch(/^root sentrypeer *\nblocking +enforce: nftables/);
  });

  it('gets no folder of root by an installation, and keeps no data back from a purge', async () => {
    await box.must(`${RESET}; ${PRIZES}; ${LOOK} >/tmp/before
      rm -rf ${STATE}; ln -s /root/prize/folder ${STATE}`);
    const { exitCode, output } = await box.run('/box/bin/run.js install');
    expect(output).toContain(
      `${STATE} is a link to /root/prize/folder: that folder would become the service's`,
    );
    expect(exitCode).toBe(10);
    await box.must(`${LOOK} >/tmp/after; diff /tmp/before /tmp/after`);
    await box.must(`mkdir /root/moved; cp -a /root/clean /root/moved/state
      rm ${STATE}; ln -s /root/moved/state ${STATE}`);
    const purge = await box.must('/box/bin/run.js uninstall --purge');
    expect(purge).toMatch(/left out +remove \/var\/lib\/sentrypeer[^]*\/root\/moved\/state stays/);
    await box.must(`test -L ${STATE}; test -e /root/moved/state/sentrypeer.db; test ! -e ${LOGS}`);
  });
});
