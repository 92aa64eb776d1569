// What a large database costs: how long the agent takes to start on it, how long each command that
// lists takes beside `--version` while it runs, how fast events go into it, and whether giving free pages back holds up
// the thread that receives:
// npm run bench -- rows [--rows N] [--database FILE, made if it is not there, and kept]
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { openStore } from '../dist/store/open.js';
import { openReader } from '../dist/store/read/reader.js';
import { atLeast, atMost, measuredBy } from './parts/figures.js';
import { fill } from './rows/fill.js';
import { batchOf, makeEvents } from './store/events.js';
import { measureInsert, measurePaced } from './store/speed.js';

export const ABOUT = 'commands, start and vacuum on a database of 10 million events';

const execFileAsync = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const TIMES = 5;
const VERSION = 'a start of --version';
const say = (text) => process.stdout.write(`${text}\n`);

const COMMANDS = [
  'events list',
  'events list --source 10.0.0.7',
  'events list --since 7d --method INVITE',
  'events list --method BYE',
  'events list --attack-type extension_enumeration',
  'events list --attack-type toll_fraud',
  'sources show 10.0.0.7',
  'numbers list',
  'numbers list --sort calls',
  'numbers query +442071000007 1000007',
  'stats',
  'blocks list',
  'rules list --detection',
  'protect list',
  'jobs list',
  'status',
];

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: { rows: { type: 'string', default: '10000000' }, database: { type: 'string' } },
  });
  say(`load average ${loadavg()[0].toFixed(1)}, Node ${process.version}`);
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-rows-'));
  try {
    const databaseFile = values.database ?? join(folder, 'sentrypeer.db');
    await prepare(databaseFile, Number(values.rows));
    const config = configure(folder, databaseFile);
    const figures = [await measureStart(config)];
    const { agent } = await startAgent(config);
    const commands = await measureCommands(config);
    figures.push(...commands.figures);
    await stopAgent(agent);
    figures.push(...(await measureSpeed(databaseFile)));
    figures.push(...(await measureVacuum(databaseFile)));
    return { figures, yardsticks: commands.yardsticks };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(databaseFile, rows) {
  if (!existsSync(databaseFile)) {
    mkdirSync(dirname(databaseFile), { recursive: true });
    const ms = await timed(() => fill(databaseFile, rows));
    say(`${rows} rows made in ${(ms / 1_000).toFixed(0)} s`);
  }
  say(`database ${(statSync(databaseFile).size / 1_048_576).toFixed(0)} MiB`);
}

/** Nothing is pruned, nothing blocked, and the ports are nobody's. */
function configure(folder, databaseFile) {
  const file = join(folder, 'rows.conf');
  const places = ['log_file', 'json_log_file', 'control_socket', 'rules_dir'];
  const lines = places.map((key) => `${key} = ${join(folder, key)}`);
  writeFileSync(
    file,
    `${lines.join('\n')}\ndatabase_file = ${databaseFile}\nlisten_address = 127.0.0.1\n` +
      `listen_port = 15066\n[blocking]\nmode = observe\n[retention]\ndatabase_max_size = 1000GiB\n`,
  );
  return file;
}

/**
 * Each beside `--version`, in rounds of all, so that a busy second of the machine meets one time of
 * many commands and not each time of one. The fastest counts, for other work only adds.
 */
async function measureCommands(config) {
  const fastest = COMMANDS.map(() => ({ bare: Infinity, full: Infinity }));
  for (let round = 0; round < TIMES; round += 1) {
    for (const [at, command] of COMMANDS.entries()) {
      const best = fastest[at];
      best.bare = Math.min(best.bare, await timed(() => look(['--version'])));
      best.full = Math.min(
        best.full,
        await timed(() => look([...command.split(' '), '-c', config])),
      );
    }
  }
  say(`beyond --version (the fastest of ${TIMES} each):`);
  const figures = COMMANDS.map((command, at) => {
    const { bare, full } = fastest[at];
    const more = full - bare;
    say(`  ${command.padEnd(48)} ${more.toFixed(0)} ms (${full.toFixed(0)} - ${bare.toFixed(0)})`);
    return atMost(`${command}, beyond --version`, more, 'ms', 200, VERSION);
  });
  const bare = Math.min(...fastest.map((each) => each.bare));
  return { figures, yardsticks: [measuredBy(VERSION, bare, 'ms')] };
}

/** Some say by their exit code that nothing was found. */
const look = (words) => execFileAsync(process.execPath, [PROGRAM, ...words]).catch(() => undefined);

/** The median of a few: one start may meet a second in which the disk still takes the database in. */
async function measureStart(config) {
  const times = [];
  for (let start = 0; start < TIMES; start += 1) {
    const { agent, ms } = await startAgent(config);
    await stopAgent(agent);
    times.push(Math.round(ms));
  }
  times.sort((one, other) => one - other);
  const median = times[Math.floor(TIMES / 2)];
  say(`the agent listens after ${times.join(', ')} ms`);
  return atMost('the agent listens: median of five starts', median, 'ms', 2_000, VERSION);
}

/** Resolves when it listens. */
async function startAgent(config) {
  const begun = performance.now();
  const agent = spawn(process.execPath, [PROGRAM, 'run', '-c', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: agent.stdout });
  for await (const line of lines) if (/listening/i.test(line)) break;
  const ms = performance.now() - begun;
  agent.stdout.resume();
  return { agent, ms };
}

async function stopAgent(agent) {
  agent.kill('SIGTERM');
  await once(agent, 'exit');
}

/** What `bench -- store` measures, where there are many rows already. */
async function measureSpeed(databaseFile) {
  const store = await openStore({ databaseFile, jsonLogFile: null, inWorker: true, onNotice: say });
  const rows = 200_000;
  const { perSecond } = await measureInsert(store, store.nextEventId, rows);
  const { p99Ms } = await measurePaced(store, store.nextEventId + rows);
  await store.close();
  return [
    atLeast('events into it', perSecond, '/s', 10_000),
    atMost('event loop late at 10,000/s: p99', p99Ms, 'ms', 20),
  ];
}

/** Deletes the oldest events and gives their pages back, while 1,000 events a second come. */
async function measureVacuum(databaseFile) {
  const quiet = { jsonLogFile: null, inWorker: true, onNotice: say };
  const store = await openStore({ databaseFile, ...quiet });
  const none = { events: null, raw: null, sightings: null, blocks: null, numbers: null };
  const rowsMax = { events: (await countEvents(databaseFile)) - 50_000, sightings: 0, blocks: 0 };
  await store.prune({ beforeUs: none, rowsMax, databaseBytesMax: null });
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  let working = true;
  const paced = (async () => {
    for (let id = store.nextEventId; working; id += 20) {
      store.write(batchOf(makeEvents(id, 20)));
      await delay(20);
    }
  })();
  const { pagesFreed } = await store.vacuum(20_000);
  working = false;
  await paced;
  histogram.disable();
  await store.close();
  const lateMs = histogram.max / 1e6;
  return [
    atMost('a vacuum holds the receiving thread up by at most', lateMs, 'ms', 50),
    atLeast('pages that the vacuum gives back', pagesFreed, 'pages', 1),
  ];
}

async function countEvents(databaseFile) {
  const reader = await openReader(databaseFile);
  const count = await reader.countEvents();
  await reader.close();
  return count;
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
