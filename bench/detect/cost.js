// What detection costs: time for an event, memory for a source, and the longest stall.
import { closeSync, openSync, readSync } from 'node:fs';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  compileRules,
  createDetectState,
  detect,
  ruleStatus,
} from '../../dist/core/detect/detect.js';
import { parseMessage } from '../../dist/core/sip/parse.js';
import { atMost, measuredBy } from '../parts/figures.js';
import { createRandom, digits, request } from './messages.js';

const POLICY = { scoreHalfLifeS: 3_600 };
const START_US = 1_767_225_600_000_000;
const EVENTS = 200_000;
const SLICE = 4_000;
const ROUNDS = 3;
/** Events before any is measured, and one of each source at least. */
const WARM_UP = 20_000;
const TEXTS = 4_096;
const TRACKED = 600_000;
const MEMORY_MIB_MAX = 400;
const COST_US_MAX = 10;
const STALL_MS_MAX = 10;
const PARSING = 'parsing of the same message';
/** Shorter events are not looked at one by one. */
const LONG_MS = 0.5;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

export async function measureCost(rules) {
  const all = compileRules(rules);
  const none = compileRules([]);
  say(`\n=== cost with ${rules.length} rules (µs an event)`);
  const yardstick = Math.min(...Array.from({ length: 3 }, () => timeParsing()));
  say(`  yardstick, parsing the message: ${yardstick.toFixed(2)}`);
  // First, while nothing else has been made that could be given back meanwhile.
  const figures = await measureMemory(all);
  for (const sources of [1, 100, 1_000, 200_000]) {
    const [bare = Number.NaN, full = Number.NaN] = timeInTurns([none, all], sources);
    const added = full - bare;
    say(
      `  ${String(sources).padStart(7)} sources: rules add ${added.toFixed(2)}, ` +
        `${(added / yardstick).toFixed(1)} times the yardstick`,
    );
    const of = sources === 1 ? '1 source' : `${sources.toLocaleString('en')} sources`;
    figures.push(atMost(`rules add to an event, with ${of}`, added, 'µs', COST_US_MAX, PARSING));
  }
  return { figures, yardsticks: [measuredBy(PARSING, yardstick, 'µs')] };
}

/** A background of attacks: mostly REGISTER, then OPTIONS, INVITE; each as another message. */
function createTexts() {
  const random = createRandom(7);
  return Array.from({ length: TEXTS }, () => {
    const kind = random();
    const user = digits(random, 4);
    if (kind < 0.5) return Buffer.from(request(random, 'REGISTER', { user }));
    if (kind < 0.75) return Buffer.from(request(random, 'OPTIONS', { to: '<sip:192.0.2.1>' }));
    const number = `0044${digits(random, 9)}`;
    return Buffer.from(request(random, 'INVITE', { user: random() < 0.5 ? number : user }));
  });
}

const texts = createTexts();

function timeParsing() {
  const started = process.cpuUsage();
  let seen = 0;
  for (let n = 0; n < EVENTS; n += 1) {
    const message = parseMessage(texts[n % TEXTS]);
    // The headers that the answer and the retransmission need anyway.
    if (message.callId !== null && message.viaBranch !== null) seen += message.cseqNumber ?? 0;
  }
  const us = cpuUs(started) / EVENTS;
  return seen === 0 ? Number.NaN : us;
}

/**
 * Microseconds an event with each of the sets of rules. They take turns, so that they meet the same
 * moments of a machine that is slower now and faster then; of each slice of events the best time of
 * all rounds counts, for a slice costs more at the beginning, when all sources are new.
 */
function timeInTurns(ruleSets, sources) {
  const addresses = Array.from({ length: sources }, (_, n) => addressOf(n));
  const best = ruleSets.map(() => new Array(EVENTS / SLICE).fill(Number.POSITIVE_INFINITY));
  for (let round = 0; round < ROUNDS; round += 1) {
    const lanes = ruleSets.map((ruleSet) => ({ ruleSet, state: createDetectState(), seen: 0 }));
    for (const lane of lanes) timeEvents(lane, addresses, Math.max(sources, WARM_UP));
    // What the round before has left is not to be collected in this one.
    collect();
    for (let slice = 0; slice < EVENTS / SLICE; slice += 1) {
      lanes.forEach((lane, index) => {
        const us = timeEvents(lane, addresses, SLICE);
        best[index][slice] = Math.min(best[index][slice], us);
      });
    }
  }
  return best.map((times) => times.reduce((sum, us) => sum + us, 0) / EVENTS);
}

/**
 * Lets a lane see so many events more; returns microseconds of the processor. Parsing is part of it
 * with and without rules, so that fields which only rules read are laid to them.
 */
function timeEvents(lane, addresses, count) {
  const { state, ruleSet, seen } = lane;
  const started = process.cpuUsage();
  for (let n = seen; n < seen + count; n += 1)
    detect(state, ruleSet, eventOf(n, addresses), POLICY);
  lane.seen += count;
  return cpuUs(started);
}

/** Processor time: other programs on the machine must not count. */
function cpuUs(started) {
  const { user, system } = process.cpuUsage(started);
  return user + system;
}

function eventOf(n, addresses) {
  const message = parseMessage(texts[n % TEXTS]);
  // As in the agent, these are read whatever the rules are: a retransmission is told by the first
  // three, a source proven by its credentials, and of each event is kept whether it is odd.
  void message.callId;
  void message.viaBranch;
  void message.cseqNumber;
  void message.authorization;
  void message.anomalies;
  return {
    id: n + 1,
    receivedAtUs: START_US + n * 50,
    transport: 'udp',
    source: { address: addresses[n % addresses.length], port: 5060 },
    local: { address: '192.0.2.1', port: 5060 },
    proof: 'none',
    message,
    retransmission: false,
  };
}

/** Spread over many networks, so that rules that count by network have as many groups. */
const addressOf = (n) => {
  const mixed = Math.imul(n + 1, 0x9e3779b1) >>> 0;
  return `${(mixed >>> 24) % 223 || 1}.${(mixed >>> 16) & 255}.${(mixed >>> 8) & 255}.${mixed & 255}`;
};

/** Room for all of them. */
const ROOM = {
  scoredSourcesMax: TRACKED,
  groupsMax: 4.4 * TRACKED,
  recordsMax: 12.6 * TRACKED,
  networksMax: TRACKED,
};

async function measureMemory(ruleSet) {
  // Code that is still being compiled stalls too, and says nothing of an agent that has run a while.
  timeInTurns([ruleSet], 1_000);
  await collectAll();
  const before = used();
  // More than the agent may have (limits.ts): how densely it is kept is what is asked here.
  const state = createDetectState(ROOM);
  const stalls = watchStalls();
  const keptWhole = { sources: 0, mib: 0 };
  for (let n = 0; n < TRACKED; n += 1) {
    const event = eventOf(n, [addressOf(n)]);
    stalls.time(() => detect(state, ruleSet, event, POLICY));
    // How many sources fit before the first of them is forgotten.
    if (n % 10_000 === 0 && forgotten(state) === 0) {
      keptWhole.sources = n;
      keptWhole.mib = used() - before;
      // Lets what the collector did be told.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const { sweepMs, collectMs } = await stalls.end();
  await collectAll();
  const mib = used() - before;
  const lost = forgotten(state);
  say(
    `  ${TRACKED} sources, one message each: ${mib.toFixed(0)} MiB, ${lost} groups forgotten; ` +
      `nothing was up to ${keptWhole.sources} sources`,
  );
  say(
    `  the longest single event took ${sweepMs.toFixed(1)} ms of the processor, ` +
      `${collectMs.toFixed(1)} ms where garbage was collected in it`,
  );
  const sources = `${TRACKED.toLocaleString('en')} sources`;
  return [
    atMost(`${sources}: memory`, mib, 'MiB', MEMORY_MIB_MAX),
    atMost(`${sources}: groups forgotten`, lost, 'groups', 0),
    atMost('longest single event, without garbage', sweepMs, 'ms', STALL_MS_MAX),
  ];
}

/**
 * The longest single events, in processor time of this thread: those in which no garbage was
 * collected, which is the detector's own work, and those in which some was.
 */
function watchStalls() {
  const schedstat = openSync('/proc/thread-self/schedstat', 'r');
  const bytes = Buffer.alloc(64);
  const onCpuMs = () => {
    const length = readSync(schedstat, bytes, 0, bytes.length, 0);
    return Number(bytes.latin1Slice(0, length).split(' ', 1)[0]) / 1e6;
  };
  const long = [];
  const collections = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      collections.push({ from: startTime, to: startTime + duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    time: (work) => {
      const from = performance.now();
      const before = onCpuMs();
      work();
      const ms = onCpuMs() - before;
      if (ms > LONG_MS) long.push({ from, to: performance.now(), ms });
    },
    end: async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      observer.disconnect();
      closeSync(schedstat);
      const hasGarbage = ({ from, to }) =>
        collections.some((one) => one.to >= from && one.from <= to);
      const longest = (events) => events.reduce((most, { ms }) => Math.max(most, ms), LONG_MS);
      return {
        sweepMs: longest(long.filter((event) => !hasGarbage(event))),
        collectMs: longest(long.filter(hasGarbage)),
      };
    },
  };
}

/** Large arrays are given back by another thread, some time after they were collected. */
async function collectAll() {
  for (let before = Infinity; used() < before;) {
    before = used();
    collect();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const forgotten = (state) => ruleStatus(state).reduce((sum, { evicted }) => sum + evicted, 0);

function used() {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1_048_576;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
