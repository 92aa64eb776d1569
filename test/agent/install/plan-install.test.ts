import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { guessSipDomain, readFacts, type InstallFacts } from '../../../src/agent/install/facts.js';
import { planInstall, renderUnit } from '../../../src/agent/install/plan-install.js';
import { planUninstall } from '../../../src/agent/install/plan-uninstall.js';
import { runSteps } from '../../../src/agent/install/run-steps.js';
import { describeStep, type Step } from '../../../src/agent/install/steps.js';

const shipped = readFacts(join(import.meta.dirname, '..', '..', '..'));

const folders: string[] = [];
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sentrypeer-unit-'));
  folders.push(folder);
  return folder;
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const startService = (): Promise<boolean> => Promise.resolve(true);

const run = (steps: readonly Step[]) => runSteps(steps, { dryRun: false, print: () => undefined });

describe('a plan for the running system', () => {
  const real = (more: Partial<InstallFacts> = {}): string[] =>
    planInstall({
      prefix: '/',
      startService,
      facts: {
        ...shipped,
        isRoot: true,
        nodePath: '/usr/bin/node',
        sourceFolder: '/src',
        systemdRunning: true,
        rmemMaxBytes: 212_992,
        ...more,
      },
    }).map(describeStep);

  it.each([
    [undefined, 'scope = all', 'unproven = sip'],
    ['sip', 'scope = sip', 'unproven = sip'],
    ['beside', 'scope = beside', 'unproven = beside'],
  ] as const)('writes down what is to be blocked (%s)', (scope, ...lines) => {
    const steps = planInstall({
      prefix: '/tmp/x',
      startService,
      facts: shipped,
      ...(scope && { scope }),
    });
    const file = steps.find((step) => step.kind === 'file' && step.existing === 'keep');
    const text = file?.kind === 'file' ? file.content.split('\n') : [];
    expect(text).toEqual(expect.arrayContaining(lines));
  });

  it('is this', () => {
    expect(real()).toEqual([
      'need root rights',
      'need a Node that the service can reach (this one is /usr/bin/node)',
      'system user and group sentrypeer',
      'program /usr/lib/sentrypeer-agent (from /src)',
      'file /usr/local/bin/sentrypeer-agent (root:root 755)',
      'folder /etc/sentrypeer (root:sentrypeer 750)',
      'folder /etc/sentrypeer/rules.d (root:sentrypeer 750)',
      'folder /var/lib/sentrypeer (sentrypeer:sentrypeer 700)',
      'folder /var/log/sentrypeer (sentrypeer:sentrypeer 750)',
      'files of the service in /var/lib/sentrypeer (sentrypeer:sentrypeer)',
      'files of the service in /var/log/sentrypeer (sentrypeer:sentrypeer)',
      'file /etc/sentrypeer/sentrypeer.conf (root:sentrypeer 640)',
      'file /etc/systemd/system/sentrypeer-agent.service (root:root 644)',
      'file /etc/systemd/system/sentrypeer-agent-expiry.service (root:root 644)',
      'file /etc/systemd/system/sentrypeer-agent-expiry.timer (root:root 644)',
      'file /etc/sysctl.d/60-sentrypeer-agent.conf (root:root 644)',
      'command sysctl --quiet --load /etc/sysctl.d/60-sentrypeer-agent.conf',
      'command systemctl daemon-reload',
      'command systemctl enable --now --quiet sentrypeer-agent-expiry.timer',
      'command systemctl enable --quiet sentrypeer-agent.service',
      'start sentrypeer-agent.service and wait until it answers',
    ]);
  });

  it('starts nothing where systemd does not run', () => {
    expect(real({ systemdRunning: false }).filter((what) => what.includes('systemctl'))).toEqual(
      [],
    );
  });

  it('never lowers a receive buffer that the operator has set higher', () => {
    expect(real({ rmemMaxBytes: 8_388_608 }).filter((what) => what.includes('sysctl'))).toEqual([]);
  });

  it.each([
    ['without root rights', { isRoot: false }, /this needs root rights/],
    [
      'with a Node in a home folder',
      { nodePath: '/root/.nvm/node' },
      /a Node that the service can/,
    ],
  ])('is refused %s', async (_name, more, message) => {
    const plan = planInstall({
      prefix: '/',
      startService,
      facts: { ...shipped, isRoot: true, ...more },
    });
    await expect(run(plan.slice(0, 2))).rejects.toThrow(message);
  });

  it('gives the command SentryPeer’s name where that is asked for and free', async () => {
    const plan = (sentryPeerThere: boolean) =>
      planInstall({
        prefix: '/',
        facts: { ...shipped, isRoot: true, nodePath: '/usr/bin/node', sentryPeerThere },
        startService: () => Promise.resolve(false),
        alias: true,
      });
    expect(plan(false).map(describeStep)).toContain(
      'file /usr/local/bin/sentrypeer (root:root 755)',
    );
    await expect(run(plan(true).slice(0, 3))).rejects.toThrow(/no other program is named/);
  });

  it('removes the account only when purged, after the firewall rules', () => {
    const plan = (purge: boolean) =>
      planUninstall({
        prefix: '/',
        facts: { ...shipped, systemdRunning: true },
        purge,
        stopAgent: () => Promise.resolve(false),
        removeFirewall: () => Promise.resolve(false),
      }).map(describeStep);
    expect(plan(false)).toEqual([
      'need root rights',
      'command systemctl disable --now --quiet sentrypeer-agent-expiry.timer',
      'command systemctl disable --now --quiet sentrypeer-agent.service',
      'stop the agent that was started by hand',
      'remove our rules from the firewall',
      'remove /etc/systemd/system/sentrypeer-agent-expiry.timer',
      'remove /etc/systemd/system/sentrypeer-agent-expiry.service',
      'remove /etc/systemd/system/sentrypeer-agent.service',
      'command systemctl daemon-reload',
      'command systemctl reset-failed sentrypeer-agent*',
      'remove /usr/local/bin/sentrypeer-agent',
      'remove /usr/local/bin/sentrypeer',
      'remove /etc/sysctl.d/60-sentrypeer-agent.conf',
      'remove /usr/lib/sentrypeer-agent',
      'remove /usr/lib/sentrypeer-agent.new',
      'remove /usr/lib/sentrypeer-agent.old',
    ]);
    expect(plan(true).slice(16)).toEqual([
      'remove /etc/sentrypeer/sentrypeer.conf',
      'remove /etc/sentrypeer',
      'remove /var/lib/sentrypeer',
      'remove /var/log/sentrypeer',
      'remove system user and group sentrypeer',
    ]);
  });
});

it.each([
  ['pbx1.example.org', 'example.org'],
  ['PBX1.office.example.co.uk', 'office.example.co.uk'],
  ['example.org', 'example.org'],
  ['debian', 'debian.local'],
  ['localhost', 'pbx.local'],
  ['', 'pbx.local'],
  ['bad_name', 'pbx.local'],
])('guesses for host %s the realm %s', (hostName, realm) => {
  expect(guessSipDomain(hostName)).toBe(realm);
});

describe('the systemd unit', () => {
  const canAnalyze = (() => {
    try {
      execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();

  /** All units in one folder; the path of the one that is named. */
  const writeUnit = async (name = 'sentrypeer-agent.service'): Promise<string> => {
    const folder = await makeFolder();
    const units = {
      'sentrypeer-agent.service': renderUnit(shipped.unitTemplate, shipped),
      'sentrypeer-agent-expiry.service': renderUnit(shipped.expiryTemplate, shipped),
      'sentrypeer-agent-expiry.timer': shipped.timerText,
    };
    for (const [unit, text] of Object.entries(units)) await writeFile(join(folder, unit), text);
    return join(folder, name);
  };

  it('runs the installed program with the installed configuration', () => {
    const text = renderUnit(shipped.unitTemplate, { ...shipped, nodePath: '/usr/bin/node' });
    expect(text).toContain(
      '\nExecStart=/usr/bin/node --max-semi-space-size=4 /usr/lib/sentrypeer-agent/bin/run.js run -c /etc/sentrypeer/sentrypeer.conf\n',
    );
    expect(text).not.toMatch(/@(NODE|LIB)@/);
    expect(
      renderUnit(shipped.unitTemplate, { ...shipped, nodePath: '/opt/node 20%/bin/node' }),
    ).toContain('\nExecStart="/opt/node 20%%/bin/node" --max-semi-space-size=4 /usr/lib');
  });

  it('ends blocks from outside only while the agent is down', () => {
    const text = renderUnit(shipped.expiryTemplate, { ...shipped, nodePath: '/usr/bin/node' });
    expect(text).toContain(
      '\nExecStart=/usr/bin/node /usr/lib/sentrypeer-agent/bin/run.js jobs run expiry -c /etc/sentrypeer/sentrypeer.conf\n',
    );
    expect(text).toContain('\nConditionPathExists=!/run/sentrypeer/agent.sock\n');
  });

  it
    .skipIf(!canAnalyze)
    .each([
      'sentrypeer-agent.service',
      'sentrypeer-agent-expiry.service',
      'sentrypeer-agent-expiry.timer',
    ])('%s is accepted by systemd without a word', async (name) => {
    const { stdout, stderr } = await execa('systemd-analyze', ['verify', await writeUnit(name)]);
    expect(stdout + stderr).toBe('');
  });

  it.skipIf(!canAnalyze)('exposes at most 2.0 of 10', async () => {
    const args = ['security', '--offline=true', '--no-pager', '--threshold=20', await writeUnit()];
    const said = execFileSync('systemd-analyze', args, { encoding: 'utf8' });
    const level = /Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1];
    expect(Number(level)).toBeLessThanOrEqual(2);
  });
});
