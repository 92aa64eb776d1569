import { copyCells } from './arena.js';
import type { Arena } from './arena.js';
import { addList, giveBack, LIST, LIST_HEAD, roomOf } from './group-block.js';
import type { Shelf } from './group-block.js';
import { valueOf } from './key-table.js';
import { ageOf } from './ticks.js';

/**
 * The values that rules count in a group: a *ledger*. One value lies in the entry itself, several in
 * a list: few of them in any order; more in the order in which they were seen last, with gaps where
 * one was taken out, behind a *sieve*, whose bits tell of most values at once that they are not there.
 * A value: its hash (0, 1), when it was seen last (2, ticks), on which event (3), a bit for each rule
 * that counted it (4; 0: there is no value here), and for each rule for which it came again (5).
 */
export const LO = 0;
export const HI = 1;
export const AT = 2;
export const EVENT = 3;
export const MASK = 4;
export const AGAIN = 5;
export const VALUE_CELLS = 6;

/**
 * An entry with a list: the list (0), where the oldest value is (1) and where the newest ends (2),
 * both as cells from the list's beginning, how many values (3), until when the ledger rests (4, ticks;
 * 0: it does not). Among few values the oldest is not known.
 */
export const OLDEST = 1;
export const END = 2;
export const SIZE = 3;
export const RESTS = 4;

/** In a list's head: where values begin, behind the sieve. */
const FIRST = 3;
/** Values that the first list has room for. */
const FIRST_VALUES = 3;
/** As many lie in any order. */
const FEW_VALUES = 8;
/** Cells of a list for one of its sieve. */
const CELLS_A_SIEVE = 16;
/** A list of so many values more than are needed need not be put in order at each new one. */
const spare = (values: number): number => values + 2 + (values >> 2);

/** True when the values of a list are few and lie in any order. */
export const isShort = (ints: Int32Array, list: number): boolean =>
  ints[list + FIRST] === LIST_HEAD;

/** Where a value's cells are, in an entry or its list. */
export function eachHeld(
  { ints }: Arena,
  entry: number,
  list: number,
  visit: (at: number) => void,
): void {
  if (list === 0) {
    if (ints[entry + MASK] !== 0) visit(entry);
    return;
  }
  const end = list + (ints[entry + END] ?? 0);
  for (let at = list + (ints[entry + OLDEST] ?? 0); at < end; at += VALUE_CELLS) {
    if (ints[at + MASK] !== 0) visit(at);
  }
}

/** Gives the only value of an entry a list; false when there is no room. */
export function beginList(shelf: Shelf, group: number, word: number, entry: number): boolean {
  const { arena } = shelf;
  const lo = arena.ints[entry] ?? 0;
  const list = addList(shelf, group, word, FIRST_VALUES * VALUE_CELLS);
  if (list === 0) return false;
  const { ints } = arena;
  const first = list + LIST_HEAD;
  copyCells(ints, entry, first, VALUE_CELLS);
  // The list's place was written over the value's first cell.
  ints[first] = lo;
  ints[list + FIRST] = LIST_HEAD;
  ints[entry + OLDEST] = LIST_HEAD;
  ints[entry + END] = LIST_HEAD + VALUE_CELLS;
  ints[entry + SIZE] = 1;
  ints[entry + RESTS] = 0;
  return true;
}

/** False when a value is certainly in no list. */
export function isInSieve(ints: Int32Array, list: number, lo: number): boolean {
  if (isShort(ints, list)) return true;
  const bit = lo & (((ints[list + FIRST] ?? 0) - LIST_HEAD) * 32 - 1);
  return (((ints[list + LIST_HEAD + (bit >> 5)] ?? 0) >> (bit & 31)) & 1) === 1;
}

/** Notes that a value is in a list. */
export function setInSieve(ints: Int32Array, list: number, lo: number): void {
  if (isShort(ints, list)) return;
  const bit = lo & (((ints[list + FIRST] ?? 0) - LIST_HEAD) * 32 - 1);
  const at = list + LIST_HEAD + (bit >> 5);
  ints[at] = (ints[at] ?? 0) | (1 << (bit & 31));
}

/** Where the oldest value of a list is, as cells from its beginning; 0: there is none. */
export function oldestOf(ints: Int32Array, entry: number, now: number): number {
  const list = ints[entry + LIST] ?? 0;
  if ((ints[entry + SIZE] ?? 0) <= 0) return 0;
  if (!isShort(ints, list)) return ints[entry + OLDEST] ?? 0;
  const end = ints[entry + END] ?? 0;
  let oldest = 0;
  let most = -1;
  for (let at = LIST_HEAD; at < end; at += VALUE_CELLS) {
    const age = ints[list + at + MASK] === 0 ? -1 : ageOf(ints[list + at + AT] ?? 0, now);
    if (age <= most) continue;
    oldest = at;
    most = age;
  }
  return oldest;
}

/** Takes a value out of a list, whose bits were cleared. */
export function dropValue(ints: Int32Array, entry: number, at: number): void {
  const list = ints[entry + LIST] ?? 0;
  ints[list + at + MASK] = 0;
  ints[entry + SIZE] = (ints[entry + SIZE] ?? 0) - 1;
  if (isShort(ints, list)) return;
  const end = ints[entry + END] ?? 0;
  let oldest = ints[entry + OLDEST] ?? 0;
  while (oldest < end && ints[list + oldest + MASK] === 0) oldest += VALUE_CELLS;
  ints[entry + OLDEST] = oldest;
}

/** Takes all values out of a list, whose bits were cleared. */
export function dropValues(ints: Int32Array, entry: number): void {
  const list = ints[entry + LIST] ?? 0;
  const first = ints[list + FIRST] ?? 0;
  ints.fill(0, list + LIST_HEAD, list + first);
  ints[entry + OLDEST] = first;
  ints[entry + END] = first;
  ints[entry + SIZE] = 0;
}

/** True when a value of a list need not be moved to be its newest. */
export function isNewest(ints: Int32Array, entry: number, at: number): boolean {
  return at + VALUE_CELLS === ints[entry + END] || isShort(ints, ints[entry + LIST] ?? 0);
}

/**
 * Takes room for one more value, the newest of a ledger that will hold no more than `valuesMax`: its
 * place as cells from the list's beginning; 0 when there is none. `offset` is where the entry begins
 * in the group's block, which may move.
 */
export function takeRoom(
  shelf: Shelf,
  group: number,
  word: number,
  offset: number,
  valuesMax: number,
  now: number,
): number {
  const { arena, keys } = shelf;
  const at = findRoom(shelf, group, word, valueOf(keys, group) + offset, valuesMax, now);
  if (at === 0) return 0;
  const { ints } = arena;
  const entry = valueOf(keys, group) + offset;
  ints[entry + SIZE] = (ints[entry + SIZE] ?? 0) + 1;
  ints[entry + END] = Math.max(ints[entry + END] ?? 0, at + VALUE_CELLS);
  const value = (ints[entry + LIST] ?? 0) + at;
  ints[value + MASK] = 0;
  ints[value + AGAIN] = 0;
  return at;
}

function findRoom(
  shelf: Shelf,
  group: number,
  word: number,
  entry: number,
  valuesMax: number,
  now: number,
): number {
  const { arena } = shelf;
  const { ints } = arena;
  const list = ints[entry + LIST] ?? 0;
  const end = ints[entry + END] ?? 0;
  if (isShort(ints, list)) {
    const gap = findGap(ints, list, end);
    if (gap !== 0) return gap;
  }
  const room = LIST_HEAD + roomOf(arena, list);
  if (end + VALUE_CELLS <= room) return end;
  const size = ints[entry + SIZE] ?? 0;
  const values = Math.floor((room - (ints[list + FIRST] ?? 0)) / VALUE_CELLS);
  const wanted = Math.min(size * 2 + 2, spare(Math.max(size + 1, valuesMax)));
  if (values < spare(size) && values < wanted) {
    const cells = wanted * VALUE_CELLS;
    const wider = addList(shelf, group, word, cells + sieveCells(cells));
    if (wider !== 0) {
      const after = moveValues(arena, entry, list, wider, now);
      giveBack(shelf, list);
      return after;
    }
  }
  return size < values ? moveValues(arena, entry, list, list, now) : 0;
}

function findGap(ints: Int32Array, list: number, end: number): number {
  for (let at = LIST_HEAD; at < end; at += VALUE_CELLS) {
    if (ints[list + at + MASK] === 0) return at;
  }
  return 0;
}

/** A power of two, or 0 in a list of few values. */
const sieveCells = (cells: number): number =>
  cells < (FEW_VALUES + 1) * VALUE_CELLS ? 0 : 1 << (31 - Math.clz32(cells / CELLS_A_SIEVE));

/**
 * Puts the values of one list, oldest first and without gaps, to the beginning of another or of the
 * same; their new end.
 */
function moveValues(arena: Arena, entry: number, from: number, to: number, now: number): number {
  const { ints } = arena;
  const end = from + (ints[entry + END] ?? 0);
  if (isShort(ints, from)) putInOrder(ints, from, end, now);
  const oldest = from + (ints[entry + OLDEST] ?? 0);
  if (to !== from) ints[to + FIRST] = LIST_HEAD + sieveCells(roomOf(arena, to));
  const first = ints[to + FIRST] ?? 0;
  ints.fill(0, to + LIST_HEAD, to + first);
  let next = to + first;
  for (let at = oldest; at < end; at += VALUE_CELLS) {
    if (ints[at + MASK] === 0) continue;
    if (at !== next) copyCells(ints, at, next, VALUE_CELLS);
    setInSieve(ints, to, ints[next + LO] ?? 0);
    next += VALUE_CELLS;
  }
  ints[entry + OLDEST] = first;
  ints[entry + END] = next - to;
  return next - to;
}

function putInOrder(ints: Int32Array, list: number, end: number, now: number): void {
  const values: Int32Array[] = [];
  for (let at = list + LIST_HEAD; at < end; at += VALUE_CELLS) {
    values.push(ints.slice(at, at + VALUE_CELLS));
  }
  values.sort((one, other) => ageOf(other[AT] ?? 0, now) - ageOf(one[AT] ?? 0, now));
  values.forEach((value, index) => {
    ints.set(value, list + LIST_HEAD + index * VALUE_CELLS);
  });
}
