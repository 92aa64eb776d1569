import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/api/views.js';
import { makeCertificate } from '../../src/agent/certificate/make-certificate.js';
import { createLab, type Lab } from './lab.js';
import type { LabProcess } from './lab-process.js';
import { runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['sipsak', 'rsyslogd', 'journald', 'journalctl', 'unshare']);

describe.skipIf(needs.skip)(`logs that go to other programs ${needs.note}`, () => {
  let lab: Lab;
  let folder: string;

  beforeEach(async () => {
    lab = await createLab();
    folder = lab.makeFolder();
  });

  afterEach(async () => {
    await lab.close();
  });

  /** Receives as docs/LOGS.md says, and writes a line a message: facility, program, kind, address, text. */
  async function startRsyslog(): Promise<{ process: LabProcess; lines: () => readonly string[] }> {
    const { certificate, key } = await makeCertificate('localhost', Date.now());
    writeFileSync(join(folder, 'cert.pem'), certificate);
    writeFileSync(join(folder, 'key.pem'), key);
    const out = join(folder, 'received.log');
    const file = join(folder, 'rsyslog.conf');
    const tls = ['CAFile', 'CertFile', 'KeyFile'].map(
      (name) =>
        `DefaultNetstreamDriver${name}="${folder}/${name === 'KeyFile' ? 'key' : 'cert'}.pem"`,
    );
    writeFileSync(
      file,
      [
        `global(workDirectory="${folder}" ${tls.join(' ')})`,
        'module(load="imudp")',
        'module(load="imtcp")',
        'module(load="mmpstrucdata")',
        'input(type="imudp" port="514" ruleset="sentrypeer")',
        'input(type="imtcp" port="601" ruleset="sentrypeer")',
        'input(type="imtcp" port="6514" ruleset="sentrypeer" streamDriver.name="gtls"' +
          ' streamDriver.mode="1" streamDriver.authMode="anon")',
        'template(name="told" type="string" string="%syslogfacility-text% %programname% ' +
          '%msgid% %$!rfc5424-sd!sentrypeer@32473!source_ip% |%msg%\\n")',
        'ruleset(name="sentrypeer") {',
        '  action(type="mmpstrucdata")',
        `  action(type="omfile" file="${out}" template="told")`,
        '}',
      ].join('\n'),
    );
    const args = ['-n', '-f', file, '-i', join(folder, 'rsyslog.pid')];
    const process = lab.agent.spawn(programPath('rsyslogd'), args);
    await waitUntil('rsyslog listens', async () => {
      if (process.hasEnded()) throw new Error(process.stderr.join('\n'));
      return (await lab.agent.exec('ss', ['-Hltn'])).stdout.includes(':6514 ');
    });
    const lines = (): readonly string[] =>
      existsSync(out) ? readFileSync(out, 'utf8').split('\n').filter(Boolean) : [];
    return { process, lines };
  }

  const runWith = async (more: string) => {
    const file = join(folder, 'agent.conf');
    const places = ['database_file', 'log_file', 'json_log_file', 'control_socket', 'rules_dir'];
    const lines = places.map((key) => `${key} = ${join(folder, key)}`);
    writeFileSync(file, [...lines, more, '[blocking]\nmode = observe\n'].join('\n'));
    const agent = await startAgent(lab, { args: ['-c', file], stateDir: folder });
    const status = (): Promise<StatusView> =>
      runJson<StatusView>(lab.agent, folder, ['status', '-c', file]);
    return { agent, status };
  };

  const probe = async (): Promise<void> => {
    const words = ['-s', `sip:100@${lab.agent.ipv4}`];
    await lab.attacker.exec(programPath('sipsak'), words, { reject: false });
  };

  it.each(['udp://127.0.0.1', 'tcp://127.0.0.1:601', 'tls://localhost'])(
    'rsyslog takes events and the agent’s words on %s',
    async (server) => {
      const { lines } = await startRsyslog();
      const { agent, status } = await runWith(
        `syslog_server = ${server}\nsyslog_ca_file = ${folder}/cert.pem\nsyslog_facility = local3`,
      );
      await probe();
      const from = lab.attacker.ipv4;
      const event = new RegExp(
        `^local3 sentrypeer-agent (event|attack) ${from} \\| ?OPTIONS from ${from}:\\d+ udp `,
      );
      await waitUntil('the event is there', () => lines().some((line) => event.test(line)));
      const { remote_logs: logs, limits_hit: lost } = await status();
      expect(logs).toMatchObject([{ name: 'syslog', last_error: null }]);
      expect(logs[0]?.target).toContain(server);
      expect(lost['syslog_lines_lost']).toBe(0);
      await agent.stop('SIGTERM');
      await waitUntil('its last words are there', () =>
        lines().some((line) => /^local3 sentrypeer-agent agent {2}\| ?stopping$/.test(line)),
      );
    },
    60_000,
  );

  it('a server that goes and comes costs no message, and is told in status', async () => {
    const first = await startRsyslog();
    const { agent, status } = await runWith('syslog_server = tcp://127.0.0.1:601');
    await probe();
    await waitUntil('an event is there', () =>
      first.lines().some((line) => /OPTIONS from/.test(line)),
    );
    await first.process.stop('SIGKILL');
    const before = first.lines().filter((line) => /OPTIONS from/.test(line)).length;
    // The end of the connection has been seen once the next event fails.
    await waitUntil('the failure is told', async () => {
      await probe();
      return (await status()).remote_logs[0]?.last_error?.includes('ECONNREFUSED') === true;
    });
    const waiting = (await status()).remote_logs[0]?.waiting ?? 0;
    expect(waiting).toBeGreaterThan(0);
    const second = await startRsyslog();
    await waitUntil('what waited is there', async () => {
      const { remote_logs: logs } = await status();
      return logs[0]?.waiting === 0 && logs[0].last_error === null;
    });
    await waitUntil('it is written', () => second.lines().length >= before + waiting);
    expect((await status()).limits_hit['syslog_lines_lost']).toBe(0);
    await agent.stop('SIGTERM');
  }, 60_000);

  it('the journal takes attacks with their priority, and the agent’s words', async () => {
    // A network namespace comes with a /sys of its own, and the journal asks for control groups.
    const inside =
      'mount --make-rprivate / && mount -t tmpfs tmpfs /run && ' +
      'mount -t cgroup2 cgroup2 /sys/fs/cgroup && ';
    const made = `mkdir -p /run/systemd/journal /run/log/journal && exec ${programPath('journald')}`;
    const args = ['--mount', 'sh', '-c', inside + made];
    const journald = lab.agent.spawn(programPath('unshare'), args);
    const root = `/proc/${journald.pid}/root`;
    await waitUntil('the journal listens', () => existsSync(`${root}/run/systemd/journal/stdout`));
    // The agent sees the journal where every agent does, in the mounts that were made for it.
    const file = join(folder, 'agent.conf');
    const places = ['database_file', 'log_file', 'json_log_file', 'control_socket', 'rules_dir'];
    const lines = places.map((key) => `${key} = ${join(folder, key)}`);
    const settings = 'journal_messages = agent, events\nsyslog_facility = local3';
    writeFileSync(file, [...lines, settings, '[blocking]\nmode = observe\n'].join('\n'));
    const enter = ['-t', String(journald.pid), '-m', '--', process.execPath];
    const run = [join(process.cwd(), 'bin/run.js'), 'run', '-c', file];
    const agent = lab.agent.spawn('nsenter', [...enter, ...run]);
    await agent.line((line) => /listening/i.test(line), 15_000);
    await probe();
    const read = async (): Promise<readonly Record<string, string>[]> => {
      const directory = `--directory=${root}/run/log/journal`;
      const asked = [directory, '-o', 'json', '-t', 'sentrypeer-agent', '--no-pager'];
      const { stdout } = await lab.agent.exec(programPath('journalctl'), asked, { reject: false });
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, string>);
    };
    const isEvent = (entry: Record<string, string>): boolean =>
      entry['MESSAGE']?.startsWith(`OPTIONS from ${lab.attacker.ipv4}:`) === true;
    await waitUntil('the event is there', async () => (await read()).some(isEvent));
    expect((await read()).find(isEvent)).toMatchObject({ SYSLOG_FACILITY: '19' });
    expect((await read()).find(isEvent)?.['PRIORITY']).toMatch(/^[46]$/);
    const own = (await read()).find((entry) => entry['MESSAGE']?.startsWith('started: ') === true);
    expect(own).toMatchObject({ PRIORITY: '5', SYSLOG_FACILITY: '19' });
    await agent.stop('SIGTERM');
    await journald.stop('SIGTERM');
  }, 60_000);
});
