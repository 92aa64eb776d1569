// From the deciding packet to the element in the kernel, in lab namespaces with the built agent. Rates
// drift on a shared machine: read every figure beside the bare spawn of nft in the same run.
import { join } from 'node:path';
import * as lab from './block/lab.js';
import { measureOthers } from './block/others.js';
import { startProbe } from './block/probe.js';
import { atLeast, atMost, measuredBy, noted } from './parts/figures.js';

const ATTACKER = join(lab.ROOT, 'bench/block/attacker.js');
const ENV = {
  SENTRYPEER_BLOCKING_PREFIX_BLOCK_SOURCES: '0',
  SENTRYPEER_BLOCKING_MAX_NEW_UNPROVEN_PER_MINUTE: '1000000',
  SENTRYPEER_BLOCKING_PROTECT: '10.98.0.2',
};
const TIMED_REPAIRS = 5;
/** 150 bytes a block, and 50 MiB for what reads and writes them. */
const MORE_MIB_MAX = (150 * 100_000) / 1_048_576 + 50;
const nowMs = () => performance.timeOrigin + performance.now();

export const ABOUT =
  'from the deciding packet to the element in the kernel; many blocks; flushes (root)';

const PARTS = {
  spawn: measureSpawn,
  single: measureSingles,
  crowd: measureCrowd,
  many: measureMany,
  flush: measureFlushes,
  others: measureOthers,
};

/** `words`: some of the names above, beside the yardstick; all of them when there is none. */
export async function run(words) {
  const say = (line) => process.stdout.write(`${line}\n`);
  if (process.getuid?.() !== 0) throw new Error('bench block needs root, for network namespaces');
  const place = lab.makeLab();
  const measured = { figures: [], yardsticks: [] };
  try {
    for (const [name, measure] of Object.entries(PARTS)) {
      const isWanted = words.length === 0 || words.includes(name) || name === 'spawn';
      if (isWanted) await measure(place, say, measured);
    }
  } finally {
    await place.close();
  }
  return measured;
}

const ms = (value) => `${value.toFixed(1)} ms`;

const SPAWN = 'one spawn of nft, median';

/** Median and 99th percentile of some milliseconds, with what they must be. */
const medianAndP99 = (what, took, medianMax, p99Max) => [
  atMost(`${what}: median`, lab.quantile(took, 0.5), 'ms', medianMax, SPAWN),
  atMost(`${what}: p99`, lab.quantile(took, 0.99), 'ms', p99Max, SPAWN),
];

/** The yardstick: what a program costs that spawns nft for each address. */
async function measureSpawn(place, say, { yardsticks }) {
  place.exec(
    'agent',
    'nft',
    ['-f', '-'],
    'table ip y { set s { type ipv4_addr; flags timeout; }; }',
  );
  const took = [];
  for (let index = 0; index < 100; index += 1) {
    const started = performance.now();
    const script = `add element ip y s { 10.0.0.${index} timeout 600s }`;
    place.exec('agent', 'nft', ['-f', '-'], script);
    took.push(performance.now() - started);
  }
  place.exec('agent', 'nft', ['delete', 'table', 'ip', 'y']);
  say(`yardstick, one spawn of nft for each address: ${lab.quantiles(took)}`);
  yardsticks.push(measuredBy(SPAWN, lab.quantile(took, 0.5), 'ms'));
}

/** Elements as the kernel tells of them, by address. */
function watchElements(place) {
  const seen = new Map();
  const child = lab.monitor(place, ['new', 'elements'], (line, atMs) => {
    const match = /^(?:add|create) element inet sentrypeer \w+ \{ (\S+)/.exec(line);
    if (match !== null && !seen.has(match[1])) seen.set(match[1], atMs);
  });
  return { seen, stop: () => child.kill() };
}

/** Milliseconds from arrival (created_at) to the element, of blocks made since `sinceMs`. */
function delays(place, seen, sinceMs) {
  const words = ['blocks', 'list', '--all', '--limit', '1000', '--json'];
  const { blocks } = JSON.parse(lab.command(place, words, undefined, ENV));
  return blocks.flatMap(({ target, created_at: at }) => {
    const arrivedMs = Date.parse(`${at.slice(0, 23)}Z`) + Number(at.slice(23, 26)) / 1000;
    const seenMs = seen.get(target.split('/')[0]);
    return arrivedMs < sinceMs ? [] : [seenMs === undefined ? Infinity : seenMs - arrivedMs];
  });
}

async function measureSingles(place, say, { figures }) {
  const agent = await lab.startAgent(place, ENV);
  const { seen, stop } = watchElements(place);
  await lab.pause(500);
  const series = async (title, first, medianMax, p99Max) => {
    const sinceMs = nowMs();
    const attack = place.start('attacker', process.execPath, [
      ATTACKER,
      'single',
      first,
      '300',
      '15',
    ]);
    await new Promise((resolve) => attack.once('exit', resolve));
    await lab.pause(1500);
    const took = delays(place, seen, sinceMs);
    say(`${title}: ${lab.quantiles(took)}`);
    figures.push(...medianAndP99(title, took, medianMax, p99Max));
  };
  await series('one block at a time, idle', '0', 15, 60);
  const load = place.start('attacker', process.execPath, [ATTACKER, 'load', '2000']);
  await lab.pause(1000);
  await series('one block at a time, under 2,000 messages/s', '1000', 150, 150);
  load.kill();
  stop();
  await agent.stop();
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds of a span as nft writes it, such as `59m58s712ms`. */
const spanMs = (text) =>
  [...text.matchAll(/(\d+)(ms|[dhms])/g)].reduce((sum, [, n, unit]) => sum + n * UNITS_MS[unit], 0);

async function measureCrowd(place, say, { figures }) {
  const agent = await lab.startAgent(place, ENV);
  // Code that is still being compiled says nothing about an agent that has run for a while.
  const load = place.start('attacker', process.execPath, [ATTACKER, 'load', '2000']);
  await lab.pause(3000);
  load.kill();
  const crowd = place.start('attacker', process.execPath, [ATTACKER, 'crowd', '4096', '1000']);
  await new Promise((resolve) => crowd.stdout.once('data', resolve));
  await lab.pause(300);
  const startedMs = nowMs();
  crowd.stdin.write('go\n');
  // Nothing looks on meanwhile, for that takes the crowd's processors: each element knows its age.
  await lab.pause(3_000);
  const listing = place.exec('agent', 'nft', ['list', 'table', 'inet', 'sentrypeer']);
  const listedMs = nowMs();
  const elements = listing.matchAll(/10\.50\.1[6-9]\.\d+ \D[^,}]*timeout (\w+) expires (\w+)/g);
  // At most so late: nft told the age before its list was here.
  const tookMs = Array.from(
    elements,
    ([, timeout, expires]) => listedMs - (spanMs(timeout) - spanMs(expires)) - startedMs,
  );
  const last = Math.max(...tookMs);
  say(
    `1,000 proven sources at once: ${tookMs.length} in the set, the last after ${last.toFixed(0)} ms`,
  );
  figures.push(
    atLeast('1,000 proven sources at once: in the set', tookMs.length, 'blocks', 1000),
    atMost('1,000 proven sources at once: the last after', last, 'ms', 500, SPAWN),
  );
  crowd.kill();
  await agent.stop();
}

const targets = (number) =>
  Array.from({ length: number }, (_, at) => `20.${at >> 16}.${(at >> 8) & 255}.${at & 255}`).join(
    '\n',
  );

const BLOCKED = '20.0.0.77';

/** Starts the agent; `inForceMs` is when the last packet of a blocked source came through after it. */
async function startUntilInForce(place) {
  const { arrivals, stop } = await startProbe(place, BLOCKED);
  await lab.until('the probe is heard', () => arrivals.length > 0);
  const startedMs = nowMs();
  const agent = await lab.startAgent(place, ENV);
  await lab.until('nothing comes through', () => nowMs() - (arrivals.at(-1) ?? 0) > 300);
  stop();
  return { agent, inForceMs: (arrivals.at(-1) ?? 0) - startedMs };
}

async function measureMany(place, say, { figures }) {
  const first = await lab.startAgent(place, ENV);
  lab.command(place, ['blocks', 'clear', '--yes'], undefined, ENV);
  await first.stop();
  lab.command(place, ['blocks', 'add', BLOCKED, '--scope', 'all', '--for', '7d'], undefined, ENV);
  const bare = await startUntilInForce(place);
  const before = bare.agent;
  await lab.pause(3000);
  const bareBytes = before.rssBytes();
  lab.command(place, ['blocks', 'import', '-', '--for', '7d'], targets(100_000), ENV);
  await before.stop('SIGKILL');
  place.exec('agent', 'nft', ['flush', 'ruleset']);
  const { agent, inForceMs } = await startUntilInForce(place);
  const laterMs = inForceMs - bare.inForceMs;
  say(
    `100,000 blocks: in force ${ms(laterMs)} later than one after a start (${ms(bare.inForceMs)}); ` +
      `listening after ${ms(agent.startMs)} and ${ms(before.startMs)}`,
  );
  figures.push(
    atMost('100,000 blocks: at a start later in force than one', laterMs, 'ms', 2000, SPAWN),
    noted('one block: in force after the process began', bare.inForceMs, 'ms', SPAWN),
  );
  const { seen, stop } = watchElements(place);
  // nft reads all elements before it tells of new ones.
  await lab.pause(15_000);
  const sinceMs = nowMs();
  const attack = place.start('attacker', process.execPath, [
    ATTACKER,
    'single',
    '20000',
    '100',
    '20',
  ]);
  await new Promise((resolve) => attack.once('exit', resolve));
  await lab.pause(1000);
  const took = delays(place, seen, sinceMs);
  say(`one more block at 100,000: ${lab.quantiles(took)}`);
  figures.push(...medianAndP99('100,000 blocks, one more', took, 15, 60));
  const moreMib = (agent.rssBytes() - bareBytes) / 1_048_576;
  say(`RSS at 100,000 blocks: ${moreMib.toFixed(1)} MiB more than at one`);
  figures.push(atMost('100,000 blocks: more memory than with one', moreMib, 'MiB', MORE_MIB_MAX));
  lab.command(place, ['jobs', 'run', 'firewall_check'], undefined, ENV);
  say(`RSS after a full look: ${((agent.rssBytes() - bareBytes) / 1048576).toFixed(1)} MiB more`);
  const gone = await flushes(place, say, 'flushed with 100,000 blocks', 5);
  figures.push(atMost('100,000 blocks: unprotected by a flush, at most', gone, 'ms', 2000, SPAWN));
  stop();
  await agent.stop();
}

async function measureFlushes(place, say, { figures }) {
  const agent = await lab.startAgent(place, ENV);
  lab.command(place, ['blocks', 'clear', '--yes'], undefined, ENV);
  lab.command(place, ['blocks', 'import', '-', '--for', '7d'], targets(10_000), ENV);
  const attack = place.start('attacker', process.execPath, [
    ATTACKER,
    'single',
    '40000',
    '2000',
    '20',
  ]);
  const gone = await flushes(place, say, 'flushed with 10,000 blocks, under attack', 100);
  figures.push(atMost('10,000 blocks: unprotected by a flush, at most', gone, 'ms', 200, SPAWN));
  attack.kill();
  await lab.pause(2000);
  const json = place.exec('agent', 'nft', ['-j', 'list', 'table', 'inet', 'sentrypeer']);
  const inKernel = new Set([...json.matchAll(/"val": "(20\.[0-9.]+)"/g)].map(([, each]) => each));
  const lost = 10_000 - inKernel.size;
  figures.push(atMost('10,000 blocks: lost by 100 flushes', lost, 'blocks', 0));
  await agent.stop();
}

/**
 * Milliseconds at most for which packets of a blocked source came through after a flush. How long the table
 * proper was gone is said beside it; the listing that tells costs a spawn of nft or two more than the truth.
 */
async function flushes(place, say, title, times) {
  const probe = await startProbe(place, BLOCKED);
  await lab.pause(500);
  const throughBefore = probe.arrivals.length;
  const unprotected = [];
  const gone = [];
  const isBack = () => {
    const listing = place.exec('agent', 'nft', ['-t', 'list', 'ruleset', 'inet']);
    const [, table = ''] = /^table inet sentrypeer \{\n([^]*?)^\}/m.exec(listing) ?? [];
    return table.includes('jump drop_sip');
  };
  await lab.pause(3000);
  for (let round = 0; round < times; round += 1) {
    const heard = probe.arrivals.length;
    const started = nowMs();
    place.exec('agent', 'nft', ['flush', 'ruleset']);
    // The others come at any moment of a repair.
    if (round < TIMED_REPAIRS) {
      await lab.until('it is repaired', isBack, 60_000, 2);
      gone.push(nowMs() - started);
    }
    await lab.pause(Math.random() * 600);
    const last = probe.arrivals.slice(heard).at(-1) ?? started;
    unprotected.push(last - started);
  }
  await lab.until('it is repaired', isBack, 60_000, 20);
  probe.stop();
  const { arrivals } = probe;
  say(
    `${title}, unprotected: ${lab.quantiles(unprotected)}; ${arrivals.length - throughBefore} packets`,
  );
  say(`${title}, until the table proper was back: ${lab.quantiles(gone)}`);
  await proveProbe(place, say);
  return Math.max(...unprotected);
}

/** A probe that never hears anything would call everything protected: without a block it must hear. */
async function proveProbe(place, say) {
  const probe = await startProbe(place, '10.50.255.77');
  const startMs = nowMs();
  await lab.until('the probe hears who is not blocked', () => probe.arrivals.length >= 100, 20_000);
  probe.stop();
  say(`the same probe, not blocked: 100 packets within ${ms(nowMs() - startMs)}`);
}
