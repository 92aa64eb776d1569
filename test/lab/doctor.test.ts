import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLab, type Lab } from './lab.js';
import { runCommand } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'ss', 'python3', 'setpriv']);

interface Finding {
  readonly check: string;
  readonly outcome: string;
  readonly what: string;
  readonly remedy: string | null;
}

interface Doctor {
  readonly ok: boolean;
  readonly exitCode: number | null;
  readonly find: (check: string) => readonly Finding[];
}

/** A program that has UDP port 5060, as a PBX would. */
const PBX = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', 5060)); time.sleep(60)`;

describe.skipIf(needs.skip)(`doctor ${needs.note}`, () => {
  let lab: Lab;
  let stateDir: string;

  beforeEach(async () => {
    lab = await createLab();
    stateDir = lab.makeFolder();
  });
  afterEach(() => lab.close());

  const ask = async (env: Readonly<Record<string, string>> = {}): Promise<Doctor> => {
    const { stdout, exitCode } = await runCommand(lab.agent, stateDir, ['doctor', '--json'], env);
    // The shape is the contract of docs/CLI_JSON.md.
    const view = JSON.parse(stdout) as {
      readonly ok: boolean;
      readonly findings: readonly Finding[];
    };
    const find = (check: string): readonly Finding[] =>
      view.findings.filter((finding) => finding.check === check);
    return { ok: view.ok, exitCode, find };
  };

  it('finds a running agent in order, and the firewall that shuts its port', async () => {
    await startAgent(lab, { stateDir });
    const healthy = await ask();
    expect(healthy.exitCode).toBe(0);
    expect(healthy.ok).toBe(true);
    expect(healthy.find('agent')).toMatchObject([{ outcome: 'ok' }]);
    expect(healthy.find('port udp 0.0.0.0:5060')).toMatchObject([{ what: 'the agent listens' }]);
    expect(healthy.find('firewall')).toMatchObject([{ outcome: 'ok' }]);
    expect(healthy.find('other firewalls')).toMatchObject([{ outcome: 'ok' }]);
    expect(healthy.find('losses')).toMatchObject([{ outcome: 'ok' }]);
    const chain = 'type filter hook input priority filter; policy drop;';
    const ruleset = `table inet host { chain input { ${chain} udp dport 5060 accept; }; }`;
    await lab.agent.exec('nft', ['-f', '-'], { input: ruleset });
    const shut = await ask();
    expect(shut.exitCode).toBe(0);
    expect(shut.find('other firewalls')).toMatchObject([
      { outcome: 'warn', remedy: 'nft insert rule inet host input tcp dport 5060 accept' },
    ]);
    const [{ remedy } = { remedy: null }] = shut.find('other firewalls');
    await lab.agent.exec('sh', ['-c', remedy ?? 'false']);
    expect((await ask()).find('other firewalls')).toMatchObject([{ outcome: 'ok' }]);
  }, 60_000);

  it('names who has the port, what is wrong with files and certificate, and fails', async () => {
    const pbx = lab.agent.spawn('python3', ['-c', PBX]);
    const isOpen = async (): Promise<boolean> =>
      (await lab.agent.exec('ss', ['-H', '-lun'])).stdout.includes(':5060');
    await waitUntil('the PBX listens', isOpen, 10_000);
    const folder = join(stateDir, 'sentrypeer');
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, 'secret'), 'x');
    await writeFile(join(folder, 'sentrypeer.db'), 'no database', { mode: 0o600 });
    await chmod(join(folder, 'secret'), 0o644);
    const found = await ask({
      SENTRYPEER_TRANSPORTS: 'udp, tls',
      SENTRYPEER_TLS_CERTIFICATE_FILE: join(folder, 'absent.pem'),
    });
    expect(found.exitCode).toBe(1);
    expect(found.ok).toBe(false);
    const [port] = found.find('port udp 0.0.0.0:5060');
    expect(port).toMatchObject({ outcome: 'fail' });
    expect(port?.what).toMatch(/^"?python3"? \(pid \d+\) listens there$/);
    expect(found.find('files')[0]?.remedy).toBe(`chmod 600 ${join(folder, 'secret')}`);
    expect(found.find('certificate')).toMatchObject([{ outcome: 'fail' }]);
    expect(found.find('database')).toMatchObject([{ outcome: 'fail' }]);
    pbx.kill();
  }, 60_000);

  it('tells of a configuration that is wrong, and looks at the host all the same', async () => {
    const found = await ask({ SENTRYPEER_LISTEN_PORT: 'x' });
    expect(found.exitCode).toBe(1);
    expect(found.find('configuration')).toMatchObject([{ outcome: 'fail' }]);
    expect(found.find('node')).toMatchObject([{ outcome: 'ok' }]);
  }, 60_000);

  it('says to a user who is not root what it could not look at', async () => {
    await startAgent(lab, { stateDir });
    const as = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--inh-caps=-all'];
    const command = [process.execPath, 'bin/run.js', 'doctor', '--json'];
    const { stdout, exitCode } = await lab.agent.exec('setpriv', [...as, ...command], {
      env: { XDG_STATE_HOME: stateDir, HOME: '/nonexistent' },
      cwd: new URL('../../', import.meta.url).pathname,
      reject: false,
    });
    const view = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    const of = (check: string): readonly Finding[] =>
      view.findings.filter((finding) => finding.check === check);
    expect(exitCode).toBe(0);
    expect(of('agent')).toMatchObject([{ outcome: 'unknown' }]);
    expect(of('port udp 0.0.0.0:5060')).toMatchObject([{ outcome: 'unknown' }]);
    expect(of('other firewalls')).toMatchObject([{ outcome: 'unknown' }]);
    expect(of('files')).toMatchObject([{ outcome: 'unknown' }]);
    expect(of('node')).toMatchObject([{ outcome: 'ok' }]);
  }, 60_000);

  it('is not needed where a right is missing: the start names the file, its owner, the command', async () => {
    const file = join(stateDir, 'agent.conf');
    await writeFile(file, 'listen_port = 5060\n', { mode: 0o600 });
    await chmod(stateDir, 0o755);
    const asNobody = ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'];
    const run = [process.execPath, 'bin/run.js', 'run', '-c', file];
    const { stderr, exitCode } = await lab.agent.exec('setpriv', [...asNobody, ...run], {
      reject: false,
    });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('it belongs to root:root with mode 600: user nobody may not read it');
    expect(stderr).toContain(`as root: chgrp nogroup ${file} && chmod 640 ${file}`);
    await lab.agent.exec('sh', ['-c', `chgrp nogroup ${file} && chmod 640 ${file}`]);
    const next = await lab.agent.exec('setpriv', [...asNobody, ...run], { reject: false });
    expect(next.stderr).toContain('STATE_UNWRITABLE');
  }, 30_000);
});
