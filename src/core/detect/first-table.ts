import type { Hash } from './hash.js';
import type { Plan } from './plan.js';
import { ageOf } from './ticks.js';

/**
 * What was seen of one source alone, for rules that count the sources of a thing: most From tags
 * come from one source for ever, and a group for each would take three times the room. Sets of
 * eight entries in one array; where a set is full, the entry seen longest ago makes room.
 * An entry holds: the group's key (0, 1), the source's hash (2, 3), when it was seen last (4, ticks),
 * on which event (5), a bit for each rule that counted it (6; 0: the entry is free), the tag (7).
 */
export interface Firsts {
  readonly ints: Int32Array;
  /** Where the next sweep begins, and when the last one was (ticks). */
  swept: number;
  sweptAt: number;
  /** Sets that are still to be looked through. */
  due: number;
}

export const LO = 2;
export const HI = 3;
export const AT = 4;
export const EVENT = 5;
export const MASK = 6;
export const TAG = 7;
export const ENTRY_INTS = 8;
const SET_INTS = 8 * ENTRY_INTS;
/** For each so many ticks (10 s) a set is looked through for what counts no more: for all, four days. */
const TICKS_A_SET = 2_500;
/** On one event, so that none waits long for it. */
const SETS_A_SWEEP = 256;

/** `firstsMax` is a power of two. */
export const createFirsts = (firstsMax: number): Firsts => ({
  ints: new Int32Array(firstsMax * ENTRY_INTS),
  swept: 0,
  sweptAt: 0,
  due: 0,
});

/**
 * Frees some entries that count no more, or that the clock has left behind: in 32 bits their times
 * would look fresh again after 198 days.
 */
export function sweepFirsts(firsts: Firsts, { ledgers }: Plan, now: number): void {
  const passed = (now - firsts.sweptAt) | 0;
  if (passed < 0 || passed >= TICKS_A_SET) {
    firsts.sweptAt = now;
    // A clock that was put back makes all entries ones of the future.
    const sets = passed < 0 ? Number.POSITIVE_INFINITY : Math.floor(passed / TICKS_A_SET);
    firsts.due = Math.min(firsts.due + sets, firsts.ints.length / SET_INTS);
  }
  if (firsts.due === 0) return;
  const { ints, swept } = firsts;
  const end = Math.min(swept + Math.min(firsts.due, SETS_A_SWEEP) * SET_INTS, ints.length);
  for (let at = swept; at < end; at += ENTRY_INTS) {
    if (ints[at + MASK] === 0) continue;
    const kept = ledgers[ints[at + TAG] ?? 0]?.kept ?? 0;
    if (Math.abs((now - (ints[at + AT] ?? 0)) | 0) >= kept) ints[at + MASK] = 0;
  }
  firsts.due -= (end - swept) / SET_INTS;
  firsts.swept = end === ints.length ? 0 : end;
}

const firstOfSet = (ints: Int32Array, { lo }: Hash): number =>
  (lo & (ints.length / SET_INTS - 1)) * SET_INTS;

/** Where a key's entry of a tag begins; -1: there is none. */
export function findEntry(ints: Int32Array, key: Hash, tag: number): number {
  const first = firstOfSet(ints, key);
  for (let at = first; at < first + SET_INTS; at += ENTRY_INTS) {
    const isIt = ints[at] === key.lo && ints[at + 1] === key.hi && ints[at + TAG] === tag;
    if (isIt && ints[at + MASK] !== 0) return at;
  }
  return -1;
}

/** A free entry of the key's set, or the one seen longest ago, given up. */
export function freeEntry(ints: Int32Array, plan: Plan, key: Hash, now: number): number {
  const first = firstOfSet(ints, key);
  let oldest = first;
  let oldestAge = -1;
  for (let at = first; at < first + SET_INTS; at += ENTRY_INTS) {
    if (ints[at + MASK] === 0) return at;
    const age = ageOf(ints[at + AT] ?? 0, now);
    if (age <= oldestAge) continue;
    oldest = at;
    oldestAge = age;
  }
  const bits = (ints[oldest + TAG] ?? 0) * 32;
  for (let mask = ints[oldest + MASK] ?? 0; mask !== 0; mask &= mask - 1) {
    const rule = plan.bitRules[bits + 31 - Math.clz32(mask & -mask)];
    if (rule !== undefined && oldestAge < rule.within) rule.state.evicted += 1;
  }
  return oldest;
}
