import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/api/views.js';
import { nftTable } from './counters.js';
import { createLab, type Lab } from './lab.js';
import type { LabProcess } from './lab-process.js';
import { lookPolitely, runCommand, runJson } from './program.js';
import { programPath, requireLab } from './require-lab.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'unshare', 'sqlite3', 'chattr']);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SEND = fileURLToPath(new URL('sip-send.mjs', import.meta.url));
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

describe.skipIf(needs.skip)(`what becomes of the agent when storage fails ${needs.note}`, () => {
  let lab: Lab;
  let folder: string;
  let attackers = 0;

  beforeEach(async () => {
    lab = await createLab();
    folder = lab.makeFolder();
    attackers = 0;
  });

  afterEach(async () => {
    await lab.close();
  });

  interface Setting {
    readonly agent: LabProcess;
    /** Where the agent's own mounts are seen from outside. */
    readonly at: (path: string) => string;
    readonly file: string;
    readonly status: () => Promise<StatusView>;
    readonly said: () => string;
  }

  /** An agent in mounts of its own, made by a script, with its data and logs in two folders. */
  async function start(mounts = 'true', env: Record<string, string> = {}): Promise<Setting> {
    const file = join(folder, 'agent.conf');
    writeFileSync(
      file,
      [
        `database_file = ${folder}/data/agent.db`,
        `log_file = ${folder}/log/agent.log`,
        `json_log_file = ${folder}/log/agent.json`,
        `control_socket = ${folder}/agent.sock`,
        `rules_dir = ${folder}/rules.d`,
      ].join('\n'),
    );
    const script = `mount --make-rprivate / && cd ${folder} && mkdir -p data log && ${mounts} && exec "$@"`;
    const run = [process.execPath, join(ROOT, 'bin/run.js'), 'run', '-c', file];
    const args = ['--mount', 'sh', '-c', script, 'sh', ...run];
    const agent = lab.agent.spawn(programPath('unshare'), args, { cwd: ROOT, env });
    await agent.line((line) => /listening/i.test(line), 15_000);
    return {
      agent,
      file,
      at: (path) => `/proc/${agent.pid}/root${folder}/${path}`,
      status: async () => {
        const enter = ['-t', String(agent.pid), '-m', process.execPath, join(ROOT, 'bin/run.js')];
        const words = [...enter, 'status', '-c', file, '--json'];
        // The shape is what docs/CLI_JSON.md says of the command.
        return JSON.parse((await lab.agent.exec('nsenter', words)).stdout) as StatusView;
      },
      said: () => agent.stdout.join('\n'),
    };
  }

  const newAttacker = async (): Promise<string> => {
    attackers += 1;
    const address = `10.98.0.${attackers}`;
    await lab.addAttackerAddress(address);
    return address;
  };

  const send = async (count: number, bytes: number, userAgent = 'a phone'): Promise<string> => {
    const from = await newAttacker();
    const words = [from, lab.agent.ipv4, String(count), String(bytes), 'OPTIONS', userAgent];
    await lab.attacker.exec(process.execPath, [SEND, ...words]);
    return from;
  };

  /** The trap answers, and who attacks is blocked, whatever the disk does. */
  async function worksAllTheSame(): Promise<string> {
    const polite = await newAttacker();
    expect(await lookPolitely(lab.attacker, polite, lab.agent.ipv4)).toMatch(/^SIP\/2\.0 \d+/);
    const from = await send(3, 500, 'friendly-scanner');
    await waitUntil('it is blocked', async () => (await nftTable(lab.agent)).includes(from), 5_000);
    return from;
  }

  const failsWith = async ({ status }: Setting, cause: RegExp): Promise<StatusView> => {
    const failed = async () => cause.test((await status()).store.last_error ?? '');
    await waitUntil('the failure is in status', failed, 15_000);
    return status();
  };

  /** All that came is in the database, and nothing is said to be lost. */
  async function healsWithoutLoss({ status, said }: Setting): Promise<void> {
    const healed = async (): Promise<boolean> => {
      const { store } = await status();
      return store.last_error === null && store.queued === 0;
    };
    await waitUntil('it is written again', healed, 15_000);
    const { store, counts, limits_hit: lost } = await status();
    expect(store.events).toBe(counts['received']);
    for (const name of ['samples_thinned', 'events_failed', 'decisions_lost'])
      expect(lost[name]).toBe(0);
    expect(said()).toContain('is written again');
  }

  const fill = (file: string): void => {
    for (const bytes of [1_048_576, 4_096]) {
      try {
        for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    }
  };

  it('a full disk under the database: all waits in memory, and is written when there is room', async () => {
    const setting = await start('mount -t tmpfs -o size=24m tmpfs data');
    await send(50, 500);
    fill(setting.at('data/filler'));
    await send(300, 4_000);
    const { store, notices } = await failsWith(setting, /full/);
    expect(store.queued).toBeGreaterThan(0);
    expect(notices.join('\n')).toMatch(/cannot write .*agent\.db: .*full.*; events wait in memory/);
    const blocked = await worksAllTheSame();
    rmSync(setting.at('data/filler'));
    await healsWithoutLoss(setting);
    // SQLite follows what is a link for it, also into another program's mounts: it must be in them.
    const enter = ['-t', String(setting.agent.pid), '-m', programPath('sqlite3')];
    const { stdout } = await lab.agent.exec('nsenter', [
      ...enter,
      join(folder, 'data/agent.db'),
      `PRAGMA integrity_check; SELECT count(*) FROM blocks WHERE target = '${blocked}/32'`,
    ]);
    expect(stdout.split('\n')).toEqual(['ok', '1']);
    expect(await setting.agent.stop('SIGTERM')).toMatchObject({ exitCode: 0 });
  }, 90_000);

  it('a full disk at a start: it protects with what is there, and keeps all once there is room', async () => {
    const first = await start();
    const before = await worksAllTheSame();
    expect(await first.agent.stop('SIGTERM')).toMatchObject({ exitCode: 0 });
    renameSync(join(folder, 'data'), join(folder, 'kept'));
    const fillUp = 'for size in 1M 4k; do dd if=/dev/zero of=data/filler$size bs=$size; done';
    const mounts = `mount -t tmpfs -o size=24m tmpfs data && cp -a kept/. data && { ${fillUp}; true; }`;
    const setting = await start(mounts);
    expect(setting.said()).toMatch(
      /WARNING: .*agent\.db: its disk is full.*; make room on the disk/,
    );
    expect(await nftTable(lab.agent)).toContain(before);
    await failsWith(setting, /full/);
    const blocked = await worksAllTheSame();
    expect((await setting.status()).blocking.active_blocks).toBe(2);
    for (const size of ['1M', '4k']) rmSync(setting.at(`data/filler${size}`));
    await waitUntil('it is written again', async () => {
      const { store } = await setting.status();
      return store.last_error === null && store.queued === 0;
    });
    const enter = ['-t', String(setting.agent.pid), '-m', programPath('sqlite3')];
    const { stdout } = await lab.agent.exec('nsenter', [
      ...enter,
      join(folder, 'data/agent.db'),
      `PRAGMA integrity_check; SELECT count(*) FROM blocks WHERE ended_at_us IS NULL;
       SELECT count(*) > 0 FROM events WHERE source_ip = '${blocked}'`,
    ]);
    expect(stdout.split('\n')).toEqual(['ok', '2', '1']);
    expect((await setting.status()).limits_hit).toMatchObject({
      events_failed: 0,
      decisions_lost: 0,
    });
    expect(await setting.agent.stop('SIGTERM')).toMatchObject({ exitCode: 0 });
  }, 90_000);

  it('a full disk under the logs: lines are lost, counted and whole, and the database goes on', async () => {
    const setting = await start('mount -t tmpfs -o size=2m tmpfs log');
    await send(20, 500);
    fill(setting.at('log/filler'));
    await send(200, 2_000);
    await waitUntil('lost lines are in status', async () => {
      const { limits_hit: lost } = await setting.status();
      return (lost['log_lines_lost'] ?? 0) > 0;
    });
    const { notices } = await setting.status();
    expect(notices.join('\n')).toMatch(/cannot write .*agent\.json: ENOSPC.*its lines are lost/);
    await worksAllTheSame();
    rmSync(setting.at('log/filler'));
    const from = await send(5, 500);
    const lines = (): string[] =>
      readFileSync(setting.at('log/agent.json'), 'utf8').split('\n').filter(Boolean);
    await waitUntil('it is written again', () => lines().some((line) => line.includes(from)));
    for (const line of lines()) JSON.parse(line);
    // Told by way of the other thread, and committed by itself: both come after the line.
    await waitUntil('it is told', () => /agent\.json is written again/.test(setting.said()));
    await waitUntil('all is committed', async () => (await setting.status()).store.queued === 0);
    const { store, counts } = await setting.status();
    expect(store).toMatchObject({ last_error: null, queued: 0 });
    expect(store.events).toBe(counts['received']);
    await setting.agent.stop('SIGTERM');
  }, 90_000);

  it('files that nobody may write: all waits in memory, and is written when they may be', async () => {
    const setting = await start();
    await send(20, 500);
    // Not the -shm: to write into a mapped file that is immutable is SIGBUS, for whoever does it.
    const files = ['agent.db', 'agent.db-wal'].map((name) => setting.at(`data/${name}`));
    await lab.agent.exec(programPath('chattr'), ['+i', ...files]);
    try {
      await send(50, 500);
      const { notices } = await failsWith(setting, /./);
      expect(notices.join('\n')).toMatch(/cannot write .*agent\.db: .*; events wait in memory/);
      await worksAllTheSame();
    } finally {
      await lab.agent.exec(programPath('chattr'), ['-i', ...files]);
    }
    await healsWithoutLoss(setting);
    await setting.agent.stop('SIGTERM');
  }, 90_000);

  it('a database that another program has locked: all waits until it lets go', async () => {
    const setting = await start();
    await send(20, 500);
    const shell = lab.agent.spawn(programPath('sqlite3'), [join(folder, 'data/agent.db')]);
    shell.write("PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE; SELECT 'held';");
    await shell.line((line) => line === 'held');
    await send(50, 500);
    const { notices } = await failsWith(setting, /locked/);
    expect(notices.join('\n')).toMatch(/cannot write .*agent\.db: .*locked; events wait in memory/);
    await worksAllTheSame();
    shell.write('COMMIT;');
    await healsWithoutLoss(setting);
    await setting.agent.stop('SIGTERM');
  }, 90_000);

  it('a database that is removed: another is begun, with the blocks in force and protected peers', async () => {
    const setting = await start();
    const { file, status, said } = setting;
    const before = await worksAllTheSame();
    await runJson(lab.agent, folder, ['protect', 'add', '192.0.2.7', '-c', file]);
    rmSync(join(folder, 'data'), { recursive: true });
    await waitUntil('it is told', () => /was removed: a new database is begun/.test(said()));
    await waitUntil('it is filled', () => /blocks in force were written into/.test(said()));
    const after = await worksAllTheSame();
    await waitUntil('events are stored', async () => {
      const { store } = await status();
      return store.queued === 0 && (store.events ?? 0) >= 2;
    });
    expect((await status()).store.last_error).toBeNull();
    expect(await setting.agent.stop('SIGTERM')).toMatchObject({ exitCode: 0 });
    const again = await start();
    const table = await nftTable(lab.agent);
    for (const address of [before, after]) expect(table).toContain(address);
    const { stdout } = await runCommand(lab.agent, folder, ['protect', 'list', '-c', file]);
    expect(stdout).toContain('192.0.2.7');
    const lock = join(folder, 'data', 'agent.db.lock');
    rmSync(lock);
    await waitUntil('the lock is taken anew', () => existsSync(lock));
    const second = await runCommand(lab.agent, folder, ['run', '-c', file]);
    expect(second.stderr).toContain('AGENT_RUNNING');
    await again.agent.stop('SIGTERM');
  }, 90_000);

  it.skipIf(!existsSync(FAKETIME))(
    'a clock that is put back: trap, detection and blocking go on',
    async () => {
      const clock = join(folder, 'clock');
      writeFileSync(clock, '+0\n');
      const setting = await start('true', {
        LD_PRELOAD: FAKETIME,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      });
      await worksAllTheSame();
      for (const step of ['-2h', '+3h', '-40d']) {
        writeFileSync(clock, `${step}\n`);
        // The clock is looked at once a second.
        await waitUntil('the agent follows', async () => {
          await send(1, 500);
          const lines = readFileSync(join(folder, 'log/agent.json'), 'utf8').trimEnd().split('\n');
          const { timestamp } = JSON.parse(lines.at(-1) ?? '{}') as { timestamp: string };
          const unitMs = step.endsWith('h') ? 3_600_000 : 86_400_000;
          const wantedMs = Date.now() + Number(step.slice(0, -1)) * unitMs;
          return Math.abs(Date.parse(timestamp) - wantedMs) < 60_000;
        });
        await worksAllTheSame();
      }
      await waitUntil('all is stored', async () => (await setting.status()).store.queued === 0);
      const { store, counts } = await setting.status();
      expect(store).toMatchObject({ events: counts['received'], last_error: null, failed: 0 });
      expect(await setting.agent.stop('SIGTERM')).toMatchObject({ exitCode: 0 });
    },
    90_000,
  );
});
