import { setPlace } from './board.js';
import type { Board } from './board.js';
import { LIST, LISTED, offsetOf } from './group-block.js';
import type { Groups } from './groups.js';
import type { Hash } from './hash.js';
import { valueOf } from './key-table.js';
import {
  AGAIN,
  AT,
  beginList,
  dropValue,
  dropValues,
  eachHeld,
  END,
  HI,
  isInSieve,
  isNewest,
  LO,
  MASK,
  OLDEST,
  oldestOf,
  RESTS,
  setInSieve,
  SIZE,
  takeRoom,
  VALUE_CELLS,
} from './ledger-list.js';
import { openEntry } from './look-up.js';
import type { Plan } from './plan.js';
import { tagOf } from './tags.js';
import { ageOf } from './ticks.js';

/** Where the event's value can be, besides a place: in an entry 0, in a list cells from its beginning. */
export const NOT_THERE = -1;
/** The ledger takes nothing in for a while. */
export const RESTING = -2;

/** Where the event's value is in a ledger that has an entry; looked for once an event. */
export function findValue(
  board: Board,
  ints: Int32Array,
  entry: number,
  place: number,
  word: number,
  { lo, hi }: Hash,
): number {
  if (board.foundStamp[word] === board.stamp) return board.found[word] ?? NOT_THERE;
  const where =
    (place & LISTED) === 0
      ? findInEntry(ints, entry, lo, hi)
      : findInList(ints, entry, lo, hi, board.now);
  noteFound(board, word, where);
  return where;
}

/** True when the event's value was looked for in a ledger that takes nothing in. */
export const isResting = ({ stamp, foundStamp, found }: Board, word: number): boolean =>
  foundStamp[word] === stamp && found[word] === RESTING;

const findInEntry = (ints: Int32Array, entry: number, lo: number, hi: number): number =>
  ints[entry + LO] === lo && ints[entry + HI] === hi && ints[entry + MASK] !== 0 ? 0 : NOT_THERE;

function findInList(ints: Int32Array, entry: number, lo: number, hi: number, now: number): number {
  const restsUntil = ints[entry + RESTS] ?? 0;
  if (restsUntil !== 0) {
    if (((restsUntil - now) | 0) > 0) return RESTING;
    ints[entry + RESTS] = 0;
  }
  const list = ints[entry + LIST] ?? 0;
  if (!isInSieve(ints, list, lo)) return NOT_THERE;
  const oldest = list + (ints[entry + OLDEST] ?? 0);
  // What comes again was mostly there a moment ago.
  for (let at = list + (ints[entry + END] ?? 0) - VALUE_CELLS; at >= oldest; at -= VALUE_CELLS) {
    if (ints[at + LO] === lo && ints[at + HI] === hi && ints[at + MASK] !== 0) return at - list;
  }
  return NOT_THERE;
}

/** Where the event's value is now, as the newest of its ledger; 0 or less: it is not taken in. */
export function placeValue(
  board: Board,
  groups: Groups,
  plan: Plan,
  group: number,
  word: number,
  value: Hash,
): number {
  const { arena, keys } = groups;
  const place = openEntry(board, groups, group, word, VALUE_CELLS);
  if (place === 0) return 0;
  const offset = offsetOf(place);
  const entry = valueOf(keys, group) + offset;
  const found = findValue(board, arena.ints, entry, place, word, value);
  if (found === RESTING) return RESTING;
  if ((place & LISTED) === 0) {
    if (found === 0) return entry;
    if (takesOver(board, arena.ints, plan, entry, word)) {
      writeValue(board, groups, plan, entry, word, value);
      board.found[word] = 0;
      return entry;
    }
    if (!beginList(groups, group, word, entry)) return 0;
    setPlace(board, word, place | LISTED);
  }
  return found > 0
    ? makeNewest(board, groups, group, word, offset, found)
    : addValue(board, groups, plan, group, word, offset, value);
}

/** True when a ledger's only value counts no more, or may not have another beside it. */
function takesOver(
  board: Board,
  ints: Int32Array,
  plan: Plan,
  entry: number,
  word: number,
): boolean {
  if (ints[entry + MASK] === 0) return true;
  const { sizeMax, kept } = plan.ledgers[tagOf(word)] ?? { sizeMax: 0, kept: 0 };
  return sizeMax <= 1 || ageOf(ints[entry + AT] ?? 0, board.now) >= kept;
}

function writeValue(
  board: Board,
  { arena }: Groups,
  plan: Plan,
  at: number,
  word: number,
  { lo, hi }: Hash,
): void {
  const { ints } = arena;
  clearBits(ints, plan, at, word, -1);
  ints[at + LO] = lo;
  ints[at + HI] = hi;
  ints[at + AT] = board.now;
}

/** Puts a value that is not there into a list; the oldest makes room when it counts no more. */
function addValue(
  board: Board,
  groups: Groups,
  plan: Plan,
  group: number,
  word: number,
  offset: number,
  value: Hash,
): number {
  const { arena, keys } = groups;
  const { sizeMax, kept, settle } = plan.ledgers[tagOf(word)] ?? { sizeMax: 0, kept: 0, settle: 0 };
  const entry = valueOf(keys, group) + offset;
  const size = arena.ints[entry + SIZE] ?? 0;
  const oldest = oldestOf(arena.ints, entry, board.now);
  const oldestAt = (arena.ints[entry + LIST] ?? 0) + oldest;
  const oldestAge = oldest === 0 ? 0 : ageOf(arena.ints[oldestAt + AT] ?? 0, board.now);
  if (size >= sizeMax && oldestAge < settle) {
    rest(board, groups, plan, entry, word, settle);
    return RESTING;
  }
  if (oldest !== 0 && (size >= sizeMax || oldestAge >= kept)) {
    clearBits(arena.ints, plan, oldestAt, word, -1);
    dropValue(arena.ints, entry, oldest);
  }
  let taken = takeRoom(groups, group, word, offset, sizeMax, board.now);
  if (taken === 0) {
    // There is no memory for a longer list.
    dropAnyOldest(board, groups, plan, valueOf(keys, group) + offset, word);
    taken = takeRoom(groups, group, word, offset, sizeMax, board.now);
  }
  if (taken === 0) return 0;
  const list = arena.ints[valueOf(keys, group) + offset + LIST] ?? 0;
  writeValue(board, groups, plan, list + taken, word, value);
  setInSieve(arena.ints, list, value.lo);
  noteFound(board, word, taken);
  return list + taken;
}

function dropAnyOldest(
  board: Board,
  { arena: { ints } }: Groups,
  plan: Plan,
  entry: number,
  word: number,
): void {
  const oldest = oldestOf(ints, entry, board.now);
  if (oldest === 0) return;
  clearBits(ints, plan, (ints[entry + LIST] ?? 0) + oldest, word, -1);
  dropValue(ints, entry, oldest);
}

function noteFound(board: Board, word: number, where: number): void {
  board.foundStamp[word] = board.stamp;
  board.found[word] = where;
}

/** Its cells while a value is moved. */
const moving = new Int32Array(VALUE_CELLS);

function makeNewest(
  board: Board,
  groups: Groups,
  group: number,
  word: number,
  offset: number,
  where: number,
): number {
  const { arena, keys } = groups;
  const entry = valueOf(keys, group) + offset;
  const list = arena.ints[entry + LIST] ?? 0;
  if (isNewest(arena.ints, entry, where)) return list + where;
  for (let cell = 0; cell < VALUE_CELLS; cell += 1) {
    moving[cell] = arena.ints[list + where + cell] ?? 0;
  }
  dropValue(arena.ints, entry, where);
  // There is room, for the value left a gap.
  const taken = takeRoom(groups, group, word, offset, 0, board.now);
  const after = arena.ints[valueOf(keys, group) + offset + LIST] ?? 0;
  arena.ints.set(moving, after + taken);
  setInSieve(arena.ints, after, moving[LO] ?? 0);
  noteFound(board, word, taken);
  return after + taken;
}

/**
 * Who names more values than are kept before the first of them has settled is none of the slow ones
 * that such rules look for; others catch it. Its values are given up, and none is taken in until
 * they would have settled.
 */
function rest(
  board: Board,
  { arena }: Groups,
  plan: Plan,
  entry: number,
  word: number,
  settle: number,
): void {
  const { ints } = arena;
  eachHeld(arena, entry, ints[entry + LIST] ?? 0, (at) => {
    clearBits(ints, plan, at, word, -1);
  });
  dropValues(ints, entry);
  // 0 is for ledgers that do not rest.
  ints[entry + RESTS] = (board.now + settle) | 0 || 1;
  noteFound(board, word, RESTING);
}

/** Takes bits off a value, and what it counted off the counts of their rules. */
export function clearBits(
  ints: Int32Array,
  plan: Plan,
  at: number,
  word: number,
  wanted: number,
): void {
  const first = tagOf(word) * 32;
  for (let mask = (ints[at + MASK] ?? 0) & wanted; mask !== 0; mask &= mask - 1) {
    membersChanged(plan, first + 31 - Math.clz32(mask & -mask), -1);
  }
  ints[at + MASK] = (ints[at + MASK] ?? 0) & ~wanted;
  ints[at + AGAIN] = (ints[at + AGAIN] ?? 0) & ~wanted;
}

export function membersChanged(plan: Plan, at: number, by: number): void {
  const state = plan.bitRules[at]?.state;
  if (state !== undefined) state.members += by;
}
