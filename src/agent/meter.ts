import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { Meters, TimeCounts } from '../api/meters.js';
import type { Block } from '../core/model/block.js';
import type { EventRecord, TrapEvent } from '../core/model/event.js';
import type { Sighting } from '../core/model/sighting.js';

/** Counts for `/metrics`, on the receiving thread: a look into a small map each. */
export interface Meter {
  readonly event: (record: EventRecord, event: TrapEvent) => void;
  readonly sighting: (sighting: Sighting) => void;
  readonly block: (block: Block) => void;
  /** Microseconds from the arrival of a packet until it is decided and answered. */
  readonly decided: (us: number) => void;
  readonly read: () => Omit<Meters, 'active'>;
  readonly close: () => void;
}

/** RFC 3261 and its extensions; a method that somebody makes up must not make a series of its own. */
const METHODS = new Set([
  ...['ACK', 'BYE', 'CANCEL', 'INFO', 'INVITE', 'MESSAGE', 'NOTIFY', 'OPTIONS', 'PRACK'],
  ...['PUBLISH', 'REFER', 'REGISTER', 'SUBSCRIBE', 'UPDATE'],
]);

const BOUNDS_US = [
  50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
];
const LOOP_LOOK_MS = 20;

export function createMeter(): Meter {
  const events = createTable();
  const sightings = createTable();
  const blocks = createTable();
  const times = createTimes();
  let loop: IntervalHistogram | null = null;
  return {
    event: (record, event) => {
      events.add(record.transport, methodOf(event), record.attackType ?? 'none');
    },
    sighting: ({ rule }) => {
      sightings.add(rule, '', '');
    },
    block: ({ origin, scope, simulated }) => {
      blocks.add(origin, scope, simulated ? 'simulated' : '');
    },
    decided: times.add,
    read: () => {
      const measured = loop;
      // Measuring costs fifty looks a second: it begins with who wants to know.
      if (loop === null) {
        loop = monitorEventLoopDelay({ resolution: LOOP_LOOK_MS });
        loop.enable();
      }
      const loopDelay = measured === null ? null : readLoop(measured);
      return {
        events: events.rows().map(([transport, method, attackType, count]) => ({
          transport,
          method,
          attackType,
          count,
        })),
        sightings: sightings.rows().map(([rule, , , count]) => ({ rule, count })),
        blocks: blocks.rows().map(([origin, scope, word, count]) => ({
          origin,
          scope,
          simulated: word !== '',
          count,
        })),
        answerTime: times.read(),
        loopDelay,
      };
    },
    close: () => {
      loop?.disable();
    },
  };
}

function methodOf({ message: { kind, method } }: TrapEvent): string {
  if (kind !== 'request') return kind === 'response' ? 'response' : 'none';
  return method !== null && METHODS.has(method) ? method : 'other';
}

type Row = readonly [string, string, string, number];

/** Counts by three words. */
function createTable() {
  type Counts = Map<string, { count: number }>;
  const table = new Map<string, Map<string, Counts>>();
  return {
    add: (a: string, b: string, c: string): void => {
      let byB = table.get(a);
      if (byB === undefined) table.set(a, (byB = new Map<string, Counts>()));
      let byC = byB.get(b);
      if (byC === undefined) byB.set(b, (byC = new Map<string, { count: number }>()));
      const entry = byC.get(c);
      if (entry === undefined) byC.set(c, { count: 1 });
      else entry.count += 1;
    },
    rows: (): readonly Row[] =>
      [...table].flatMap(([a, byB]) =>
        [...byB].flatMap(([b, byC]) => [...byC].map(([c, { count }]): Row => [a, b, c, count])),
      ),
  };
}

function createTimes() {
  const counts = new Float64Array(BOUNDS_US.length + 1);
  let sumUs = 0;
  return {
    add: (us: number): void => {
      let at = 0;
      while (at < BOUNDS_US.length && us > (BOUNDS_US[at] ?? 0)) at += 1;
      counts[at] = (counts[at] ?? 0) + 1;
      sumUs += Math.max(0, us);
    },
    read: (): TimeCounts => ({
      buckets: BOUNDS_US.map((us, at) => ({ le: us / 1_000_000, count: counts[at] ?? 0 })),
      sum: sumUs / 1_000_000,
      count: counts.reduce((sum, count) => sum + count, 0),
    }),
  };
}

function readLoop(loop: IntervalHistogram): Meters['loopDelay'] {
  // The histogram counts the whole interval, of which its own resolution is a part.
  const late = (ns: number): number =>
    Number.isFinite(ns) ? Math.max(0, ns / 1e9 - LOOP_LOOK_MS / 1_000) : 0;
  const read = {
    p50: late(loop.percentile(50)),
    p99: late(loop.percentile(99)),
    max: late(loop.max),
  };
  loop.reset();
  return read;
}
