import { isMute, RESTING } from './board.js';
import type { Board, Kind } from './board.js';
import type { Groups } from './groups.js';
import { valueOf } from './key-table.js';
import { LONG_FLAG, tagOf } from './plan.js';
import type { Place, Plan } from './plan.js';
import type { Pool } from './pool.js';
import { AGAIN, AT, EVENT, HI, LO, MASK, NEXT, OLDEST, RESTS, SIZE, WORD } from './record.js';
import { isInSieve, setInSieve, wipeSieve } from './sieve.js';
import { ageOf } from './ticks.js';

/** Takes note of a value in the group's list. */
export function meetValue(
  board: Board,
  ints: Int32Array,
  plan: Plan,
  record: number,
  word: number,
): void {
  const start = record << 3;
  const tag = word >> 2;
  board.size[word] = (board.size[word] ?? 0) + 1;
  if (ints[start + LO] === board.lo[tag] && ints[start + HI] === board.hi[tag]) {
    board.found[word] = record;
    return;
  }
  const age = ageOf(ints[start + AT] ?? 0, board.now);
  if (age > (board.oldestAge[word] ?? 0)) {
    board.oldestAge[word] = age;
    board.oldest[word] = record;
  }
  countMet(board, ints, plan, start, word, age);
}

/** Adds a value to the count of each rule that looks for it. */
function countMet(
  board: Board,
  ints: Int32Array,
  plan: Plan,
  start: number,
  word: number,
  age: number,
): void {
  const tag = word >> 2;
  const again = ints[start + AGAIN] ?? 0;
  let mask = (ints[start + MASK] ?? 0) & (board.mask[tag] ?? 0) & ~again;
  while (mask !== 0) {
    const bit = 31 - Math.clz32(mask);
    mask ^= 1 << bit;
    const at = tag * 32 + bit;
    const rule = plan.bitRules[at];
    if (rule === undefined || age >= rule.within || age < rule.settle) continue;
    const counted = at * 2 + (word & 1);
    board.count[counted] = (board.count[counted] ?? 0) + 1;
  }
}

/** Looks into a long ledger, as far as that can tell anything. */
export function meetLong(board: Board, pool: Pool, plan: Plan, head: number): void {
  const { ints } = pool;
  const start = head << 3;
  const word = (ints[start + WORD] ?? 0) & ~LONG_FLAG;
  const oldest = ints[start + OLDEST] ?? 0;
  board.long[word] = head;
  const restsUntil = ints[start + RESTS] ?? 0;
  if (restsUntil !== 0) {
    if (((restsUntil - board.now) | 0) > 0) {
      board.found[word] = RESTING;
      return;
    }
    ints[start + RESTS] = 0;
  }
  board.size[word] = ints[start + SIZE] ?? 0;
  board.oldest[word] = oldest;
  board.oldestAge[word] = ageOf(ints[(oldest << 3) + AT] ?? 0, board.now);
  const use = useOf(board, plan, word);
  if (use === 'nothing') return;
  if (use === 'find' && !isInSieve(ints, start, board.lo[tagOf(word)] ?? 0)) return;
  scanLong(board, ints, plan, start, word);
}

/** Walks through a long ledger for the event's value and for those that count. */
function scanLong(board: Board, ints: Int32Array, plan: Plan, head: number, word: number): void {
  const lo = board.lo[tagOf(word)] ?? 0;
  const hi = board.hi[tagOf(word)] ?? 0;
  wipeSieve(ints, head);
  let before = 0;
  for (let record = ints[head + OLDEST] ?? 0; record !== 0;) {
    const at = record << 3;
    setInSieve(ints, head, ints[at + LO] ?? 0);
    if (ints[at + LO] === lo && ints[at + HI] === hi) {
      board.found[word] = record;
      board.foundAfter[word] = before;
    } else countMet(board, ints, plan, at, word, ageOf(ints[at + AT] ?? 0, board.now));
    before = record;
    record = ints[at + NEXT] ?? 0;
  }
}

/**
 * For what a ledger is looked into: to count, where there can be so many values as a rule wants; to
 * find the event's own, where a rule counts or forgets it; for nothing, where all rules are mute.
 */
function useOf(board: Board, plan: Plan, word: number): 'count' | 'find' | 'nothing' {
  const tag = tagOf(word);
  const size = board.size[word] ?? 0;
  let isWanted = board.forgetStamp[tag] === board.stamp;
  for (let mask = board.mask[tag] ?? 0; mask !== 0; mask &= mask - 1) {
    const rule = plan.bitRules[tag * 32 + 31 - Math.clz32(mask & -mask)];
    if (rule === undefined || isMute(board, rule.state.slot, (word & 1) as Kind)) continue;
    isWanted = true;
    const most = rule.settle === 0 ? size + 1 : size;
    if (most > rule.over && (board.oldestAge[word] ?? 0) >= rule.settle) return 'count';
  }
  return isWanted ? 'find' : 'nothing';
}

/** Calls `visit` with age (ticks) and kept event number of each value that a place's rule counts. */
export function eachValue(
  { keys, records }: Groups,
  group: number,
  place: Place,
  word: number,
  now: number,
  visit: (age: number, event: number) => void,
): void {
  const { ints } = records;
  const look = (first: number): void => {
    for (let record = first; record !== 0; record = ints[(record << 3) + NEXT] ?? 0) {
      const start = record << 3;
      const age = ageOf(ints[start + AT] ?? 0, now);
      if (ints[start + WORD] === (word | LONG_FLAG)) look(ints[start + OLDEST] ?? 0);
      else if (ints[start + WORD] !== word || age >= place.within) continue;
      else if ((((ints[start + MASK] ?? 0) >> place.bit) & 1) === 1) {
        visit(age, ints[start + EVENT] ?? 0);
      }
    }
  };
  look(valueOf(keys, group));
}
