import { BLOCK_CELLS_MAX, cellsOf, copyCells, giveBlock, OWNER, takeBlock } from './arena.js';
import type { Arena } from './arena.js';
import { setValue, valueOf } from './key-table.js';
import type { KeyTable } from './key-table.js';

/**
 * What all rules remember of one group, in one block of the arena, so that an event finds it in a few
 * lines of the processor's cache. Behind the head (owner: the group; cells in use 2; entries 3) come
 * *entries* of a few cells, each what a rule or several count there or for how long a rule is mute.
 * At the block's end stands its directory, backwards, a cell an entry: the entry's *word*, which
 * says whose it is, whether the entry refers to a *list*, and where it begins.
 * A list is a block of its own for what an entry has no room for, referred to by the entry's first
 * cell. Its head says whose it is: the group, negative (owner), and the word (2).
 * Blocks move when others come and go: nobody may keep the place of one over a change, but where an
 * entry begins in its block stays the same.
 */
export interface Shelf {
  readonly arena: Arena;
  /** By the key of the group; the value is its block. */
  readonly keys: KeyTable;
}

const USED = 2;
const ENTRIES = 3;
const GROUP_HEAD = 4;
const WORD = 2;
/** Where the things of a list begin. */
export const LIST_HEAD = 4;
/** Cell of an entry that refers to a list. */
export const LIST = 0;

/** A cell of the directory: word, LISTED, and half of where the entry begins, which is even. */
export const PLACE_BITS = 13;
export const LISTED = 1 << 12;
const HALF_MASK = LISTED - 1;
const PLACE_MASK = LISTED | HALF_MASK;
/** Words are below. */
export const WORDS_MAX = 1 << (32 - PLACE_BITS);

/** Notes for each entry of a group by its word where it is, with a stamp (board.ts). */
export function readDirectory(
  { ints }: Arena,
  block: number,
  cells: number,
  stamp: number,
  places: Int32Array,
): void {
  const end = block + cells;
  const stamped = stamp << PLACE_BITS;
  for (let at = end - (ints[block + ENTRIES] ?? 0); at < end; at += 1) {
    const cell = ints[at] ?? 0;
    places[cell >>> PLACE_BITS] = stamped | (cell & PLACE_MASK);
  }
}

/** Cells that a group's block needs now. */
export const cellsUsed = ({ arena: { ints }, keys }: Shelf, group: number): number => {
  const block = valueOf(keys, group);
  return block === 0 ? 0 : (ints[block + USED] ?? 0) + (ints[block + ENTRIES] ?? 0);
};

/** Where an entry begins in its block, by its place. */
export const offsetOf = (place: number): number => (place & HALF_MASK) << 1;

/** Adds an entry of so many cells (even), all 0; its place, or 0 when there is no room. */
export function addEntry(shelf: Shelf, group: number, word: number, cells: number): number {
  const { arena, keys } = shelf;
  const before = valueOf(keys, group);
  const used = before === 0 ? GROUP_HEAD : (arena.ints[before + USED] ?? 0);
  const entries = before === 0 ? 0 : (arena.ints[before + ENTRIES] ?? 0);
  const needed = used + cells + entries + 1;
  const isTight = before === 0 || needed > cellsOf(arena, before);
  // What grows once mostly grows on.
  const wanted = before === 0 ? needed : needed + (needed >> 2);
  if (needed > BLOCK_CELLS_MAX) return 0;
  const block = isTight ? widen(shelf, group, wanted) : before;
  if (block === 0) return 0;
  const { ints } = arena;
  ints[block + USED] = used + cells;
  ints[block + ENTRIES] = entries + 1;
  const place = used >> 1;
  ints[block + cellsOf(arena, block) - entries - 1] = (word << PLACE_BITS) | place;
  return place;
}

/** Gives a group that has no block yet one of so many cells, as far as there is room. */
export function beginBlock(shelf: Shelf, group: number, cells: number): void {
  const block = takeBlock(shelf.arena, Math.max(GROUP_HEAD, cells), group);
  if (block === 0) return;
  shelf.arena.ints[block + USED] = GROUP_HEAD;
  setValue(shelf.keys, group, block);
}

/** Gives the group a block of at least so many cells; which, or 0 when there is no room. */
function widen(shelf: Shelf, group: number, wanted: number): number {
  const { arena, keys } = shelf;
  const block = takeBlock(arena, Math.min(wanted, BLOCK_CELLS_MAX), group);
  if (block === 0) return 0;
  const before = valueOf(keys, group);
  if (before !== 0) {
    const { ints } = arena;
    const used = ints[before + USED] ?? 0;
    const entries = ints[before + ENTRIES] ?? 0;
    copyCells(ints, before + USED, block + USED, used - USED);
    const from = before + cellsOf(arena, before) - entries;
    copyCells(ints, from, block + cellsOf(arena, block) - entries, entries);
  }
  setValue(keys, group, block);
  if (before !== 0) giveBack(shelf, before);
  return block;
}

/**
 * A list of at least so many cells, referred to by an entry from now on; one that it had before stays
 * to be copied and given back (`giveBack`). 0: there is no room, nothing has changed.
 */
export function addList(shelf: Shelf, group: number, word: number, cells: number): number {
  const { arena, keys } = shelf;
  if (LIST_HEAD + cells > BLOCK_CELLS_MAX) return 0;
  const list = takeBlock(arena, LIST_HEAD + cells, -group);
  if (list === 0) return 0;
  const { ints } = arena;
  ints[list + WORD] = word;
  const block = valueOf(keys, group);
  const at = findWord(arena, block, word);
  ints[at] = (ints[at] ?? 0) | LISTED;
  ints[block + offsetOf(ints[at] ?? 0) + LIST] = list;
  return list;
}

/** Cells for things in a list. */
export const roomOf = (arena: Arena, list: number): number => cellsOf(arena, list) - LIST_HEAD;

/** Gives a block back, and tells the owner of the one that took its place. */
export function giveBack({ arena, keys }: Shelf, block: number): void {
  const moved = giveBlock(arena, block);
  if (moved === 0) return;
  const { ints } = arena;
  const owner = ints[moved + OWNER] ?? 0;
  if (owner > 0) {
    setValue(keys, owner, moved);
    return;
  }
  const its = valueOf(keys, -owner);
  const at = findWord(arena, its, ints[moved + WORD] ?? 0);
  ints[its + offsetOf(ints[at] ?? 0) + LIST] = moved;
}

/** Where a word's cell of the directory is. Throws RangeError when it has none: a fault in the program. */
function findWord(arena: Arena, block: number, word: number): number {
  const { ints } = arena;
  const last = block + cellsOf(arena, block) - 1;
  const first = last - (ints[block + ENTRIES] ?? 0) + 1;
  for (let at = last; at >= first; at -= 1) {
    if ((ints[at] ?? 0) >>> PLACE_BITS === word) return at;
  }
  throw new RangeError(`the block of a group has no entry with the word ${word}`);
}

/** Gives a group's block and its lists back; `visit` sees each entry before, with its list or 0. */
export function dropBlock(
  shelf: Shelf,
  group: number,
  visit: (word: number, entry: number, list: number) => void,
): void {
  const { arena, keys } = shelf;
  const first = valueOf(keys, group);
  if (first === 0) return;
  const { ints } = arena;
  const cells = cellsOf(arena, first);
  const entries = ints[first + ENTRIES] ?? 0;
  for (let index = 1; index <= entries; index += 1) {
    // A list that is given back can move the block.
    const block = valueOf(keys, group);
    const cell = ints[block + cells - index] ?? 0;
    const entry = block + offsetOf(cell);
    const list = (cell & LISTED) === 0 ? 0 : (ints[entry + LIST] ?? 0);
    visit(cell >>> PLACE_BITS, entry, list);
    if (list !== 0) giveBack(shelf, list);
  }
  giveBack(shelf, valueOf(keys, group));
  setValue(keys, group, 0);
}
