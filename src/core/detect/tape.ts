import type { Hash } from './hash.js';
import { giveBack, takeRecord } from './pool.js';
import type { Pool } from './pool.js';
import { ageOf } from './ticks.js';

/**
 * What one rule counted in one group where every event counts, or where it leaks: things in the
 * order in which they came. (Different values in a window share records, see ledger.ts.)
 * The head's record holds: word (0), next record of the group (1), the newest thing (2), the oldest
 * (3), how many (4), whether the only thing lies in the head itself, its time (2) and event (3), for
 * most sources are seen once (5), and a mark (double 3): of a leaky bucket when it will be empty, of
 * a rule with `apart` when it last matched, in microseconds.
 * A thing's record holds: the next newer one (0), its hash (1, 2), when it was seen (3), on which event (4).
 */
export interface TapeSpec {
  readonly over: number;
  /** Ticks. */
  readonly within: number;
  /** Microseconds; 0: it does not leak, and all may come close together. */
  readonly leakUs: number;
  readonly apartUs: number;
}

export interface Seen {
  readonly nowUs: number;
  /** The same in ticks. */
  readonly now: number;
  readonly eventId: number;
}

const NEWEST = 2;
const OLDEST = 3;
const SIZE = 4;
const INLINE = 5;
const MARK = 3;
const NEWER = 0;
const LO = 1;
const HI = 2;
const AT = 3;
const EVENT = 4;

export const tapeSize = ({ ints }: Pool, head: number): number => ints[(head << 3) + SIZE] ?? 0;

/** Counts one thing, `value` null for the event itself, and says whether there are more than allowed. */
export function addToTape(
  pool: Pool,
  head: number,
  spec: TapeSpec,
  value: Hash | null,
  seen: Seen,
): boolean {
  if (spec.apartUs > 0 && !isApart(pool, head, spec, seen.nowUs)) return false;
  if (spec.leakUs > 0) {
    if (value === null) return fillBucket(pool, head, spec, seen.nowUs) > spec.over;
    return leak(pool, head, spec, value, seen);
  }
  if (value !== null) forgetOnTape(pool, head, value);
  push(pool, head, value, seen);
  while (tapeSize(pool, head) > spec.over) {
    const inWindow = ageOf(oldestAt(pool, head), seen.now) < spec.within;
    if (inWindow && tapeSize(pool, head) <= spec.over + 1) break;
    dropOldestThing(pool, head);
  }
  return tapeSize(pool, head) > spec.over;
}

/** True when the last match lies far enough back; remembers this one. */
function isApart({ doubles }: Pool, head: number, { apartUs }: TapeSpec, nowUs: number): boolean {
  const lastUs = doubles[(head << 2) + MARK] ?? 0;
  doubles[(head << 2) + MARK] = nowUs;
  return lastUs === 0 || nowUs - lastUs >= apartUs;
}

/** The level of a leaky bucket after one more, as the time at which it will be empty (GCRA). */
function fillBucket({ doubles }: Pool, head: number, spec: TapeSpec, nowUs: number): number {
  const { over, leakUs } = spec;
  const emptyUs = Math.max(doubles[(head << 2) + MARK] ?? 0, nowUs) + leakUs;
  // A bucket that runs over holds no more: else a flood would be remembered for ever.
  const kept = Math.min(emptyUs, nowUs + (over + 1) * leakUs);
  doubles[(head << 2) + MARK] = kept;
  return (kept - nowUs) / leakUs;
}

function leak(pool: Pool, head: number, spec: TapeSpec, value: Hash, seen: Seen): boolean {
  const leftUs = (pool.doubles[(head << 2) + MARK] ?? 0) - seen.nowUs;
  // What has leaked out is no longer known, so it counts when it comes again.
  const stillThere = Math.max(0, Math.ceil(leftUs / spec.leakUs));
  while (tapeSize(pool, head) > stillThere) dropOldestThing(pool, head);
  if (isOnTape(pool, head, value)) return leftUs / spec.leakUs > spec.over;
  push(pool, head, value, seen);
  const level = fillBucket(pool, head, spec, seen.nowUs);
  while (tapeSize(pool, head) > spec.over + 1) dropOldestThing(pool, head);
  return level > spec.over;
}

/** Takes a value off; by how many the tape shrank. */
export function forgetOnTape(pool: Pool, head: number, { lo, hi }: Hash): number {
  const { ints } = pool;
  const at = head << 3;
  if (ints[at + INLINE] === 1) return 0;
  let before = 0;
  let each = tapeSize(pool, head) === 0 ? 0 : (ints[at + OLDEST] ?? 0);
  while (each !== 0) {
    const newer = ints[(each << 3) + NEWER] ?? 0;
    if (ints[(each << 3) + LO] === lo && ints[(each << 3) + HI] === hi) {
      if (before === 0) ints[at + OLDEST] = newer;
      else ints[(before << 3) + NEWER] = newer;
      if (newer === 0) ints[at + NEWEST] = before;
      ints[at + SIZE] = tapeSize(pool, head) - 1;
      giveBack(pool, each);
      return 1;
    }
    before = each;
    each = newer;
  }
  return 0;
}

/** Gives all things back; how many there were. */
export function emptyTape(pool: Pool, head: number): number {
  const size = tapeSize(pool, head);
  while (tapeSize(pool, head) > 0) dropOldestThing(pool, head);
  return size;
}

/** Calls `visit` with the age in ticks and the kept event number of each thing, oldest first. */
export function eachOnTape(
  pool: Pool,
  head: number,
  now: number,
  visit: (age: number, event: number) => void,
): void {
  const { ints } = pool;
  const at = head << 3;
  if (ints[at + INLINE] === 1) {
    visit(ageOf(ints[at + NEWEST] ?? 0, now), ints[at + OLDEST] ?? 0);
    return;
  }
  let each = tapeSize(pool, head) === 0 ? 0 : (ints[at + OLDEST] ?? 0);
  while (each !== 0) {
    const start = each << 3;
    visit(ageOf(ints[start + AT] ?? 0, now), ints[start + EVENT] ?? 0);
    each = ints[start + NEWER] ?? 0;
  }
}

function isOnTape(pool: Pool, head: number, { lo, hi }: Hash): boolean {
  const { ints } = pool;
  let each = tapeSize(pool, head) === 0 ? 0 : (ints[(head << 3) + OLDEST] ?? 0);
  while (each !== 0) {
    if (ints[(each << 3) + LO] === lo && ints[(each << 3) + HI] === hi) return true;
    each = ints[(each << 3) + NEWER] ?? 0;
  }
  return false;
}

function oldestAt({ ints }: Pool, head: number): number {
  const at = head << 3;
  if (ints[at + INLINE] === 1) return ints[at + NEWEST] ?? 0;
  return ints[((ints[at + OLDEST] ?? 0) << 3) + AT] ?? 0;
}

function push(pool: Pool, head: number, value: Hash | null, { now, eventId }: Seen): void {
  const at = head << 3;
  const size = tapeSize(pool, head);
  if (size === 0 && value === null) {
    pool.ints[at + NEWEST] = now;
    pool.ints[at + OLDEST] = eventId;
    pool.ints[at + INLINE] = 1;
  } else {
    if (pool.ints[at + INLINE] === 1) moveOut(pool, head);
    append(pool, head, value, now, eventId);
  }
  pool.ints[at + SIZE] = size + 1;
}

/** Gives the thing in the head a record of its own. */
function moveOut(pool: Pool, head: number): void {
  const at = head << 3;
  const time = pool.ints[at + NEWEST] ?? 0;
  const event = pool.ints[at + OLDEST] ?? 0;
  pool.ints[at + NEWEST] = 0;
  pool.ints[at + OLDEST] = 0;
  pool.ints[at + INLINE] = 0;
  append(pool, head, null, time, event);
}

function append(pool: Pool, head: number, value: Hash | null, time: number, event: number): void {
  const thing = takeRecord(pool);
  const { ints } = pool;
  const start = thing << 3;
  ints[start + LO] = value === null ? 0 : value.lo;
  ints[start + HI] = value === null ? 0 : value.hi;
  ints[start + AT] = time;
  ints[start + EVENT] = event;
  const at = head << 3;
  const newest = ints[at + NEWEST] ?? 0;
  if (newest === 0) ints[at + OLDEST] = thing;
  else ints[(newest << 3) + NEWER] = thing;
  ints[at + NEWEST] = thing;
}

function dropOldestThing(pool: Pool, head: number): void {
  const { ints } = pool;
  const at = head << 3;
  ints[at + SIZE] = tapeSize(pool, head) - 1;
  if (ints[at + INLINE] === 1) {
    ints[at + INLINE] = 0;
    ints[at + NEWEST] = 0;
    ints[at + OLDEST] = 0;
    return;
  }
  const oldest = ints[at + OLDEST] ?? 0;
  const newer = ints[(oldest << 3) + NEWER] ?? 0;
  ints[at + OLDEST] = newer;
  if (newer === 0) ints[at + NEWEST] = 0;
  giveBack(pool, oldest);
}
