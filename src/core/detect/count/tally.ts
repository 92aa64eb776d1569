import type { Hash } from '../fields/hash.js';
import type { Records } from './records.js';
import {
  countSettled,
  drop,
  eachThing,
  emptyTally,
  findThing,
  isSingle,
  isThing,
  oldestOf,
  putNewest,
  putSingle,
  tallySize,
  timeOf,
  unfold,
} from './things.js';
import type { Seen } from './things.js';

/**
 * A tally is a rule's own record in a group: what the rule counted there, and until when it is mute.
 * What counting means is said in plain maps by test/core/detect/naive-count.ts.
 */
export interface TallySpec {
  /** More things than this exceed. */
  readonly over: number;
  /** Microseconds that a thing counts; 0: it leaks. */
  readonly withinUs: number;
  /** Microseconds in which one thing leaks out; 0: there is a window. */
  readonly leakUs: number;
  /** Microseconds since the event before, without which none counts. */
  readonly apartUs: number;
  /** Microseconds after which a value counts that did not come again. */
  readonly settleUs: number;
  /** Things that are remembered; who has more exceeds anyway. */
  readonly thingsMax: number;
}

/** Of its doubles (things.ts) two are the tally's: until when the rule is mute, and */
const MUTE_UNTIL = 2;
/** When the bucket will be empty; with `apart` when it last matched; with `settle` until when it rests. */
const MARK = 3;

export const isMuteAt = ({ ints, doubles }: Records, tally: number, nowUs: number): boolean =>
  !isSingle(ints, tally) && nowUs < (doubles[(tally << 2) + MUTE_UNTIL] ?? 0);

export function muteUntil(records: Records, tally: number, untilUs: number): void {
  unfold(records, tally);
  records.doubles[(tally << 2) + MUTE_UNTIL] = untilUs;
}

/** Counts a value, or where `value` is null the event itself; true when there are now more than allowed. */
export function addThing(
  records: Records,
  tally: number,
  spec: TallySpec,
  value: Hash | null,
  seen: Seen,
): boolean {
  const { over, withinUs, apartUs, leakUs, settleUs, thingsMax } = spec;
  const { nowUs } = seen;
  if (leakUs > 0) return fillBucket(records, tally, spec, value, seen);
  if (apartUs === 0 && isAlone(records, tally, spec, value, nowUs)) {
    putSingle(records, tally, value, seen);
    return settleUs === 0 && over < 1;
  }
  unfold(records, tally);
  if (apartUs > 0) {
    const lastUs = records.doubles[(tally << 2) + MARK] ?? 0;
    records.doubles[(tally << 2) + MARK] = nowUs;
    if (nowUs - lastUs < apartUs) return false;
  }
  while (
    tallySize(records, tally) > 0 &&
    nowUs - timeOf(records, oldestOf(records, tally)) >= withinUs
  ) {
    drop(records, tally, oldestOf(records, tally));
  }
  const found = value === null ? 0 : findThing(records, tally, value);
  if (settleUs > 0) return addUnsettled(records, tally, spec, value, found, seen);
  putNewest(records, tally, found, thingsMax, value, seen);
  return tallySize(records, tally) > over;
}

/** Takes a value out of the count again. */
export function forgetThing(records: Records, tally: number, value: Hash): void {
  unfold(records, tally);
  const found = findThing(records, tally, value);
  if (found !== 0) drop(records, tally, found);
}

/** How many things count at a moment, or may count when they have settled. Changes nothing. */
export function countThings(
  records: Records,
  tally: number,
  { withinUs, leakUs, settleUs }: TallySpec,
  nowUs: number,
): number {
  const leftUs = (records.doubles[(tally << 2) + MARK] ?? 0) - nowUs;
  if (leakUs > 0) return Math.max(0, Math.ceil(leftUs / leakUs));
  let count = 0;
  eachThing(records, tally, (atUs, _, again) => {
    if ((settleUs === 0 || !again) && nowUs - atUs < withinUs) count += 1;
  });
  return count;
}

/** True when a tally holds nothing but what the thing may take the place of. */
function isAlone(
  records: Records,
  tally: number,
  { withinUs, settleUs }: TallySpec,
  value: Hash | null,
  nowUs: number,
): boolean {
  if (!isSingle(records.ints, tally)) {
    const { doubles } = records;
    const at = tally << 2;
    return (
      tallySize(records, tally) === 0 && doubles[at + MUTE_UNTIL] === 0 && doubles[at + MARK] === 0
    );
  }
  if (nowUs - timeOf(records, tally) >= withinUs) return true;
  return settleUs === 0 && value !== null && isThing(records.ints, tally, value);
}

/** A leaky bucket, as the time at which it will be empty (GCRA). Of events it holds the level alone. */
function fillBucket(
  records: Records,
  tally: number,
  { over, leakUs, thingsMax }: TallySpec,
  value: Hash | null,
  seen: Seen,
): boolean {
  const mark = (tally << 2) + MARK;
  const { nowUs } = seen;
  const leftUs = (records.doubles[mark] ?? 0) - nowUs;
  if (value !== null) {
    // What has leaked out is no longer known, so it counts when it comes again.
    const stillThere = Math.max(0, Math.ceil(leftUs / leakUs));
    while (tallySize(records, tally) > stillThere) drop(records, tally, oldestOf(records, tally));
    if (findThing(records, tally, value) !== 0) return leftUs / leakUs > over;
    putNewest(records, tally, 0, thingsMax, value, seen);
  }
  // A bucket that runs over holds no more: else a flood would be remembered for ever.
  const emptyUs = Math.min(Math.max(leftUs, 0) + leakUs, (over + 1) * leakUs);
  records.doubles[mark] = nowUs + emptyUs;
  return emptyUs / leakUs > over;
}

/**
 * Counts values that came once and a while ago, and adds the event's, which cannot be one of them.
 * Who names more values than are kept before the first of them has settled is none of the slow ones
 * that such rules look for; others catch it. Its values are given up, and none is taken in until they
 * would have settled.
 */
function addUnsettled(
  records: Records,
  tally: number,
  { over, settleUs, thingsMax }: TallySpec,
  value: Hash | null,
  found: number,
  seen: Seen,
): boolean {
  const settledUs = seen.nowUs - settleUs;
  const mark = (tally << 2) + MARK;
  if (seen.nowUs < (records.doubles[mark] ?? 0)) return false;
  const others = countSettled(records, tally, settledUs, found);
  const isFull = found === 0 && tallySize(records, tally) >= thingsMax;
  if (isFull && timeOf(records, oldestOf(records, tally)) > settledUs) {
    emptyTally(records, tally);
    records.doubles[mark] = seen.nowUs + settleUs;
    return false;
  }
  putNewest(records, tally, found, thingsMax, value, seen);
  return others > over;
}
