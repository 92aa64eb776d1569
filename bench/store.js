// How fast events get from the queue into the database, what that costs the thread that receives, and
// whether SIGKILL loses any: npm run bench -- store [--rows N] [--kill N [--rate N]]
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openReader } from '../dist/store/read/reader.js';
import { openStore } from '../dist/store/open.js';
import { atLeast, atMost, measuredBy, noted } from './parts/figures.js';
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
  return values.kill === undefined ? measure(Number(values.rows)) : kill(values);
}

async function kill({ kill: count, rate }) {
  const { faults, slowestStartMs, written } = await killRounds(Number(count), {
    rate: Number(rate),
    say,
  });
  for (const fault of faults) say(`  ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  // A fault: not sound, an event older than 250 ms is not there, or it does not open again.
  const figures = [
    atMost(`${count} times SIGKILL: faults`, faults.length, 'faults', 0),
    noted(`${count} times SIGKILL: events written`, written, 'events'),
    noted(`${count} times SIGKILL: slowest start`, slowestStartMs, 'ms'),
  ];
  return { figures, yardsticks: [] };
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
    return figuresOf(rows, { insert, paced, start, yardstick, listings });
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

function figuresOf(rows, { insert, paced, start, yardstick, listings }) {
  for (const [name, ms] of Object.entries(listings))
    say(`  ${name.padEnd(30)} ${ms.toFixed(1)} ms`);
  const lost = paced.stats.dropped + paced.stats.failed + insert.stats.dropped;
  const share = insert.perSecond / yardstick.perSecond;
  const many = `${rows.toLocaleString('en')} rows`;
  const bare = `${yardstick.name}, one transaction, ${many}`;
  const figures = [
    atLeast(`${many}: into the database`, insert.perSecond, '/s', 20_000, bare),
    atLeast(`${many}: of the yardstick`, share, '', 0.6),
    atMost('of the receiving thread, an event', insert.handedUs, 'µs', 15),
    atMost('lost', lost, 'events', 0),
    atMost('event loop late at 10,000/s: p99', paced.p99Ms, 'ms', 20),
    atMost('opens after', start, 'ms', 2_000),
    atMost('the slowest listing', Math.max(...Object.values(listings)), 'ms', 200),
  ];
  return { figures, yardsticks: [measuredBy(bare, yardstick.perSecond, '/s')] };
}
