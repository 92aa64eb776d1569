import type { Hash } from '../fields/hash.js';
import { giveRecords, takeRecord } from './records.js';
import type { Records } from './records.js';

/**
 * The *things* of a tally: events that a rule counted, or different values of a field. They are in a
 * ring, in the order in which they were seen last; the newest one's `newer` is the oldest. Most
 * tallies only ever have one: that lies in the tally's own record, which is *single* then and holds
 * nothing else. `unfold` gives it a record of its own.
 */
export interface Seen {
  readonly nowUs: number;
  readonly eventId: number;
}

/** Integers of a tally: the next one of its group; the rule's number and which of its tallies this is. */
export const NEXT = 0;
const WHOSE = 1;
/** A bit of `WHOSE`. */
const SINGLE = 4;
const NEWEST = 2;
const SIZE = 3;

/** Integers of a thing, among them the double AT; a single tally has all but the first two. */
const NEWER = 0;
const OLDER = 1;
const LO = 2;
const HI = 3;
const AT = 2;
const EVENT = 6;
/** 1: it was seen a second time. */
const AGAIN = 7;

export const whoseTally = ({ ints }: Records, tally: number): number =>
  (ints[(tally << 3) + WHOSE] ?? 0) & ~SINGLE;

export function createTally(records: Records, whose: number, next: number): number {
  const tally = takeRecord(records);
  records.ints[(tally << 3) + NEXT] = next;
  records.ints[(tally << 3) + WHOSE] = whose;
  return tally;
}

export const tallySize = ({ ints }: Records, tally: number): number =>
  isSingle(ints, tally) ? 1 : (ints[(tally << 3) + SIZE] ?? 0);

/** When a thing was seen last, microseconds. */
export const timeOf = ({ doubles }: Records, thing: number): number =>
  doubles[(thing << 2) + AT] ?? 0;

export const isThing = (ints: Int32Array, thing: number, { lo, hi }: Hash): boolean =>
  ints[(thing << 3) + LO] === lo && ints[(thing << 3) + HI] === hi;

export const isSingle = (ints: Int32Array, tally: number): boolean =>
  ((ints[(tally << 3) + WHOSE] ?? 0) & SINGLE) !== 0;

/** Makes a tally that holds nothing, or is single, hold a thing alone. */
export function putSingle(records: Records, tally: number, value: Hash | null, seen: Seen): void {
  records.ints[(tally << 3) + WHOSE] = (records.ints[(tally << 3) + WHOSE] ?? 0) | SINGLE;
  writeThing(records, tally, value, seen);
}

export function unfold(records: Records, tally: number): void {
  if (!isSingle(records.ints, tally)) return;
  const thing = takeRecord(records);
  const { ints } = records;
  const [from, to] = [tally << 3, thing << 3];
  for (let each = LO; each <= AGAIN; each += 1) {
    ints[to + each] = ints[from + each] ?? 0;
    ints[from + each] = 0;
  }
  ints[from + WHOSE] = (ints[from + WHOSE] ?? 0) & ~SINGLE;
  attachNewest(records, tally, thing);
}

/** Calls `visit` with time and kept event number of each thing, oldest first, and whether it came again. */
export function eachThing(
  records: Records,
  tally: number,
  visit: (atUs: number, event: number, again: boolean) => void,
): void {
  const { ints } = records;
  if (isSingle(ints, tally)) {
    visit(timeOf(records, tally), ints[(tally << 3) + EVENT] ?? 0, false);
    return;
  }
  let thing = ints[(tally << 3) + NEWEST] ?? 0;
  for (let left = ints[(tally << 3) + SIZE] ?? 0; left > 0; left -= 1) {
    thing = ints[(thing << 3) + NEWER] ?? 0;
    visit(
      timeOf(records, thing),
      ints[(thing << 3) + EVENT] ?? 0,
      ints[(thing << 3) + AGAIN] === 1,
    );
  }
}

/** Forgets all things. */
export function emptyTally(records: Records, tally: number): void {
  const { ints } = records;
  const at = tally << 3;
  const newest = isSingle(ints, tally) ? 0 : (ints[at + NEWEST] ?? 0);
  if (newest === 0) return;
  giveRecords(records, ints[(newest << 3) + NEWER] ?? 0, newest, ints[at + SIZE] ?? 0);
  ints[at + NEWEST] = 0;
  ints[at + SIZE] = 0;
}

/** Things that were seen once, not after `untilUs`, without one. */
export function countSettled(
  records: Records,
  tally: number,
  untilUs: number,
  without: number,
): number {
  const { ints } = records;
  let count = 0;
  let thing = ints[(tally << 3) + NEWEST] ?? 0;
  for (let left = ints[(tally << 3) + SIZE] ?? 0; left > 0; left -= 1) {
    thing = ints[(thing << 3) + NEWER] ?? 0;
    if (timeOf(records, thing) > untilUs) break;
    if (ints[(thing << 3) + AGAIN] === 0 && thing !== without) count += 1;
  }
  return count;
}

/** The newest first: what comes again was mostly there a moment ago. */
export function findThing({ ints }: Records, tally: number, value: Hash): number {
  let thing = ints[(tally << 3) + NEWEST] ?? 0;
  for (let left = ints[(tally << 3) + SIZE] ?? 0; left > 0; left -= 1) {
    if (isThing(ints, thing, value)) return thing;
    thing = ints[(thing << 3) + OLDER] ?? 0;
  }
  return 0;
}

export const oldestOf = ({ ints }: Records, tally: number): number =>
  ints[((ints[(tally << 3) + NEWEST] ?? 0) << 3) + NEWER] ?? 0;

/** Makes a thing the newest one: the one found, a new one, or in a full tally the oldest, given up. */
export function putNewest(
  records: Records,
  tally: number,
  found: number,
  thingsMax: number,
  value: Hash | null,
  seen: Seen,
): void {
  const isFull = tallySize(records, tally) >= thingsMax;
  const reused = found === 0 && isFull ? oldestOf(records, tally) : found;
  const thing = reused === 0 ? takeRecord(records) : reused;
  if (reused !== 0) detachThing(records, tally, thing);
  attachNewest(records, tally, thing);
  writeThing(records, thing, value, seen);
  records.ints[(thing << 3) + AGAIN] = found === 0 ? 0 : 1;
}

function writeThing(
  { ints, doubles }: Records,
  thing: number,
  value: Hash | null,
  { nowUs, eventId }: Seen,
): void {
  ints[(thing << 3) + LO] = value?.lo ?? 0;
  ints[(thing << 3) + HI] = value?.hi ?? 0;
  ints[(thing << 3) + EVENT] = eventId;
  doubles[(thing << 2) + AT] = nowUs;
}

export function drop(records: Records, tally: number, thing: number): void {
  detachThing(records, tally, thing);
  giveRecords(records, thing, thing, 1);
}

function attachNewest({ ints }: Records, tally: number, thing: number): void {
  const newest = ints[(tally << 3) + NEWEST] ?? 0;
  const before = newest === 0 ? thing : newest;
  const after = newest === 0 ? thing : (ints[(newest << 3) + NEWER] ?? 0);
  ints[(thing << 3) + OLDER] = before;
  ints[(thing << 3) + NEWER] = after;
  ints[(before << 3) + NEWER] = thing;
  ints[(after << 3) + OLDER] = thing;
  ints[(tally << 3) + NEWEST] = thing;
  ints[(tally << 3) + SIZE] = (ints[(tally << 3) + SIZE] ?? 0) + 1;
}

function detachThing({ ints }: Records, tally: number, thing: number): void {
  const newer = ints[(thing << 3) + NEWER] ?? 0;
  const older = ints[(thing << 3) + OLDER] ?? 0;
  const size = (ints[(tally << 3) + SIZE] ?? 0) - 1;
  ints[(older << 3) + NEWER] = newer;
  ints[(newer << 3) + OLDER] = older;
  if (ints[(tally << 3) + NEWEST] === thing) ints[(tally << 3) + NEWEST] = size === 0 ? 0 : older;
  ints[(tally << 3) + SIZE] = size;
}
