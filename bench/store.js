// How fast events get from the queue into the database, what that costs the thread that receives, and
// whether SIGKILL loses any: npm run bench -- store [--rows N] [--kill N [--rate N]]
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openReader } from '../dist/store/reader.js';
import { openStore } from '../dist/store/open.js';
import { killRounds } from './store/kill.js';
import { measureInsert, measurePaced } from './store/speed.js';
import { measureYardstick } from './store/yardstick.js';

export const ABOUT = 'events a second into the database, listings on it, and SIGKILL under load';

const WARM_UP_ROWS = 50_000;

const say = (text) => process.stdout.write(`${text}\n`);

export async function run(words) {
  const { values } = parseArgs({
    args: words,
    options: {
      rows: { type: 'string', default: '200000' },
      kill: { type: 'string' },
      rate: { type: 'string', default: '1000' },
    },
  });
  say(`load average ${loadavg()[0].toFixed(1)}, Node ${process.version}`);
  const met = values.kill === undefined ? await measure(Number(values.rows)) : await kill(values);
  say('\nGoals');
  for (const { goal, ok, figure } of met) say(`  ${ok ? 'met    ' : 'NOT MET'} ${goal}: ${figure}`);
  if (values.kill !== undefined && met.some(({ ok }) => !ok)) process.exitCode = 1;
}

async function kill({ kill: count, rate }) {
  const { faults, slowestStartMs, written } = await killRounds(Number(count), {
    rate: Number(rate),
    say,
  });
  for (const fault of faults) say(`  ${fault}`);
  return [
    {
      goal: `${count} times SIGKILL: sound, every event older than 250 ms there, opens again`,
      ok: faults.length === 0,
      figure: `${faults.length} faults, ${written} events, slowest start ${slowestStartMs} ms`,
    },
  ];
}

async function measure(rows) {
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-bench-'));
  try {
    const databaseFile = join(folder, 'sentrypeer.db');
    const store = await open(databaseFile);
    // Code that is still being compiled says nothing about an agent that has run for a while.
    await measureInsert(store, 1, WARM_UP_ROWS);
    const insert = await measureInsert(store, WARM_UP_ROWS + 1, rows);
    const paced = await measurePaced(store, WARM_UP_ROWS + rows + 1);
    await store.close();
    const size = statSync(databaseFile).size / 1_048_576;
    say(`database ${size.toFixed(0)} MiB with ${WARM_UP_ROWS + rows + paced.events} events`);
    const start = await timed(async () => (await open(databaseFile)).close());
    const yardstick = await measureYardstick(folder, rows, say);
    const listings = await measureListings(databaseFile);
    return goals({ insert, paced, start, yardstick, listings });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const open = (databaseFile) =>
  openStore({ databaseFile, jsonLogFile: null, inWorker: true, onNotice: say });

async function measureListings(databaseFile) {
  const reader = await openReader(databaseFile);
  const day = 1_767_225_600_000_000;
  const asked = {
    'events list': () => reader.listEvents({ limit: 50 }),
    'events list --source': () => reader.listEvents({ limit: 50, source: '10.0.0.7' }),
    'events list --method (none)': () => reader.listEvents({ limit: 50, method: 'BYE' }),
    'numbers list --sort calls': () => reader.listNumbers({ limit: 50, order: 'calls' }),
    'numbers query': () => reader.findNumber('+442071831234'),
    'sources show': () => reader.showSource('10.0.0.7'),
    stats: () => reader.statsSince(day, 10),
    'events kept': () => reader.countEvents(),
  };
  const times = {};
  for (const [name, ask] of Object.entries(asked)) times[name] = await timed(ask);
  await reader.close();
  return times;
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function goals({ insert, paced, start, yardstick, listings }) {
  const [slowest, slowestMs] = Object.entries(listings).sort(([, a], [, b]) => b - a)[0];
  for (const [name, ms] of Object.entries(listings))
    say(`  ${name.padEnd(30)} ${ms.toFixed(1)} ms`);
  const lost = paced.stats.dropped + paced.stats.failed + insert.stats.dropped;
  const share = insert.perSecond / yardstick.perSecond;
  return [
    goal('20,000 events/s', insert.perSecond >= 20_000, `${insert.perSecond.toFixed(0)}/s`),
    goal(
      `0.6 of the yardstick (${yardstick.name}, one transaction)`,
      share >= 0.6,
      `${share.toFixed(2)} of ${yardstick.perSecond.toFixed(0)}/s`,
    ),
    goal(
      '15 µs of this thread an event',
      insert.handedUs <= 15,
      `${insert.handedUs.toFixed(1)} µs`,
    ),
    goal('nothing lost', lost === 0, `${lost}`),
    goal(
      'event loop late p99 ≤ 20 ms at 10,000/s',
      paced.p99Ms <= 20,
      `${paced.p99Ms.toFixed(1)} ms`,
    ),
    goal('opens in under 2 s', start < 2_000, `${start.toFixed(0)} ms`),
    goal('each listing ≤ 200 ms', slowestMs <= 200, `${slowest}: ${slowestMs.toFixed(0)} ms`),
  ];
}

const goal = (text, ok, figure) => ({ goal: text, ok, figure });
