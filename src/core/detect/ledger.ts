import { RESTING } from './board.js';
import type { Board, Kind } from './board.js';
import { addRecord } from './groups.js';
import type { Groups } from './groups.js';
import { setValue, valueOf } from './key-table.js';
import { LONG_FLAG, tagOf } from './plan.js';
import type { Place, Plan } from './plan.js';
import { giveBack, takeRecord } from './pool.js';
import {
  AGAIN,
  AT,
  EVENT,
  HI,
  LO,
  MASK,
  NEWEST,
  NEXT,
  OLDEST,
  RESTS,
  SIEVE,
  SIZE,
  WORD,
} from './record.js';
import { setInSieve, wipeSieve } from './sieve.js';
import type { Seen } from './tape.js';
import { ageOf } from './ticks.js';

/**
 * The values that rules count in a group. A few of them lie in the group's own list; more become a
 * *long* ledger behind a head, in the order in which they were seen last, that is walked only when
 * that can tell anything.
 */
const SHORT_MAX = 4;

/** Counts the event's value under a place; true when there are now more than allowed. */
export function countValue(
  board: Board,
  groups: Groups,
  plan: Plan,
  group: number,
  { word: anyWord, bit, over, settle }: Place,
  kind: Kind,
  { now, eventId }: Seen,
): boolean {
  const word = anyWord | kind;
  const at = (tagOf(word) * 32 + bit) * 2 + kind;
  if (board.found[word] === 0) addValue(board, groups, plan, group, word);
  if (board.found[word] === RESTING) return false;
  const record = board.found[word] ?? 0;
  if (board.long[word] !== 0) makeNewest(board, groups.records.ints, word, record);
  const { ints } = groups.records;
  const start = record << 3;
  const mask = ints[start + MASK] ?? 0;
  const own = 1 << bit;
  if ((mask & own) === 0) {
    ints[start + MASK] = mask | own;
    membersChanged(plan, tagOf(word) * 32 + bit, 1);
  } else if (settle > 0) ints[start + AGAIN] = (ints[start + AGAIN] ?? 0) | own;
  ints[start + AT] = now;
  ints[start + EVENT] = eventId;
  return (board.count[at] ?? 0) + (settle > 0 ? 0 : 1) > over;
}

/** A record for a value that is not there: that of the oldest one, when it counts no more. */
function addValue(board: Board, groups: Groups, plan: Plan, group: number, word: number): void {
  const tag = tagOf(word);
  const ledger = plan.ledgers[tag];
  const size = board.size[word] ?? 0;
  const oldest = board.oldest[word] ?? 0;
  const isFull = size >= (ledger?.sizeMax ?? 0);
  if (isFull && (board.oldestAge[word] ?? 0) < (ledger?.settle ?? 0)) {
    rest(board, groups, plan, word, ledger?.settle ?? 0);
    return;
  }
  let record = oldest;
  if (oldest !== 0 && (isFull || (board.oldestAge[word] ?? 0) >= (ledger?.kept ?? 0))) {
    clearBits(groups, plan, record, -1);
    board.foundAfter[word] = 0;
  } else {
    if (board.long[word] === 0 && size >= SHORT_MAX) makeLong(board, groups, group, word);
    const head = board.long[word] ?? 0;
    record = head === 0 ? addRecord(groups, group, word) : appendRecord(board, groups, head, word);
    board.size[word] = size + 1;
  }
  const { ints } = groups.records;
  const start = record << 3;
  const lo = board.lo[tag] ?? 0;
  ints[start + LO] = lo;
  ints[start + HI] = board.hi[tag] ?? 0;
  const head = board.long[word] ?? 0;
  if (head !== 0) setInSieve(ints, head << 3, lo);
  board.found[word] = record;
  board.oldest[word] = 0;
}

/**
 * Who names more values than are kept before the first of them has settled is none of the slow ones
 * that such rules look for; others catch it. Its values are given up, and none is taken in until
 * they would have settled.
 */
function rest(board: Board, groups: Groups, plan: Plan, word: number, settle: number): void {
  const { records } = groups;
  const start = (board.long[word] ?? 0) << 3;
  for (let record = records.ints[start + OLDEST] ?? 0; record !== 0;) {
    const next = records.ints[(record << 3) + NEXT] ?? 0;
    clearBits(groups, plan, record, -1);
    giveBack(records, record);
    record = next;
  }
  records.ints[start + NEWEST] = 0;
  records.ints[start + OLDEST] = 0;
  records.ints[start + SIZE] = 0;
  wipeSieve(records.ints, start);
  // 0 is for ledgers that do not rest.
  records.ints[start + RESTS] = (board.now + settle) | 1;
  board.found[word] = RESTING;
}

/** Moves the values of a word from the group's list behind a head, oldest first. */
function makeLong(board: Board, { keys, records }: Groups, group: number, word: number): void {
  const head = takeRecord(records);
  const sieves = [takeRecord(records), takeRecord(records)];
  const { ints } = records;
  const values: number[] = [];
  let last = head;
  for (let record = valueOf(keys, group); record !== 0;) {
    const next = ints[(record << 3) + NEXT] ?? 0;
    if (ints[(record << 3) + WORD] === word) values.push(record);
    else {
      ints[(last << 3) + NEXT] = record;
      last = record;
    }
    record = next;
  }
  ints[(last << 3) + NEXT] = 0;
  const start = head << 3;
  ints[start + WORD] = word | LONG_FLAG;
  ints[start + SIEVE] = sieves[0] ?? 0;
  ints[start + SIEVE + 1] = sieves[1] ?? 0;
  setValue(keys, group, head);
  values.sort(
    (one, other) =>
      ageOf(ints[(other << 3) + AT] ?? 0, board.now) - ageOf(ints[(one << 3) + AT] ?? 0, board.now),
  );
  for (const record of values) {
    setInSieve(ints, start, ints[(record << 3) + LO] ?? 0);
    link(ints, start, record);
  }
  ints[start + SIZE] = values.length;
  board.long[word] = head;
}

function appendRecord(board: Board, { records }: Groups, head: number, word: number): number {
  const record = takeRecord(records);
  const { ints } = records;
  ints[(record << 3) + WORD] = word;
  board.foundAfter[word] = ints[(head << 3) + NEWEST] ?? 0;
  link(ints, head << 3, record);
  ints[(head << 3) + SIZE] = (ints[(head << 3) + SIZE] ?? 0) + 1;
  return record;
}

/** Puts a value that is in no ledger in as the newest. */
function link(ints: Int32Array, head: number, record: number): void {
  const newest = ints[head + NEWEST] ?? 0;
  ints[(record << 3) + NEXT] = 0;
  if (newest === 0) ints[head + OLDEST] = record;
  else ints[(newest << 3) + NEXT] = record;
  ints[head + NEWEST] = record;
}

function makeNewest(board: Board, ints: Int32Array, word: number, record: number): void {
  const head = (board.long[word] ?? 0) << 3;
  if (ints[head + NEWEST] === record) return;
  const before = board.foundAfter[word] ?? 0;
  const next = ints[(record << 3) + NEXT] ?? 0;
  if (before === 0) ints[head + OLDEST] = next;
  else ints[(before << 3) + NEXT] = next;
  board.foundAfter[word] = ints[head + NEWEST] ?? 0;
  link(ints, head, record);
}

/** Takes the event's value out of a rule's count again. */
export function forgetValue(
  board: Board,
  groups: Groups,
  plan: Plan,
  { word: anyWord, bit }: Place,
  kind: Kind,
): void {
  const word = anyWord | kind;
  const record = board.found[word] ?? 0;
  if (record === 0 || record === RESTING) return;
  clearBits(groups, plan, record, 1 << bit);
  const { ints } = groups.records;
  const start = record << 3;
  if (ints[start + MASK] !== 0) return;
  // Nobody's any more: it looks long past, and is taken for a next value.
  ints[start + LO] = 0;
  ints[start + HI] = 0;
  ints[start + AT] = (board.now - (plan.ledgers[tagOf(word)]?.kept ?? 0)) | 0;
  if (board.long[word] !== 0) makeOldest(board, ints, word, record);
  board.found[word] = 0;
}

function makeOldest(board: Board, ints: Int32Array, word: number, record: number): void {
  const head = (board.long[word] ?? 0) << 3;
  const before = board.foundAfter[word] ?? 0;
  if (before === 0) return;
  const next = ints[(record << 3) + NEXT] ?? 0;
  ints[(before << 3) + NEXT] = next;
  if (next === 0) ints[head + NEWEST] = before;
  ints[(record << 3) + NEXT] = ints[head + OLDEST] ?? 0;
  ints[head + OLDEST] = record;
}

function clearBits({ records }: Groups, plan: Plan, record: number, wanted: number): void {
  const { ints } = records;
  const start = record << 3;
  const first = tagOf(ints[start + WORD] ?? 0) * 32;
  for (let mask = (ints[start + MASK] ?? 0) & wanted; mask !== 0; mask &= mask - 1) {
    membersChanged(plan, first + 31 - Math.clz32(mask & -mask), -1);
  }
  ints[start + MASK] = (ints[start + MASK] ?? 0) & ~wanted;
  ints[start + AGAIN] = (ints[start + AGAIN] ?? 0) & ~wanted;
}

function membersChanged(plan: Plan, at: number, by: number): void {
  const state = plan.bitRules[at]?.state;
  if (state !== undefined) state.members += by;
}
