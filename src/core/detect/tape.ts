import type { Arena } from './arena.js';
import { copyCells } from './arena.js';
import { addList, giveBack, LIST, LIST_HEAD, roomOf } from './group-block.js';
import type { Shelf } from './group-block.js';
import type { Hash } from './hash.js';
import { valueOf } from './key-table.js';
import { ageOf } from './ticks.js';

/**
 * What one rule counted in one group where every event counts, or where it leaks: things in the
 * order in which they came. (Different values in a window share a ledger, see ledger.ts.)
 * A *bucket*, of a rule that leaks and counts events, is a mark alone (double 0): when it will be
 * empty, in microseconds. A tape's entry: its list (0), the oldest thing's number in it (1), how many
 * there are (2), how many the list has room for (3; 0: there is none, and the only thing is in the
 * entry, its time in 0 and event in 1), and a mark (double 2): of a leaky tape as that of a bucket,
 * of a rule with `apart` when it last matched.
 * The things of a list go round in it; one is: when it was seen (0, ticks), on which event (1), and
 * where values are counted its hash (2, 3).
 */
export interface TapeSpec {
  readonly over: number;
  /** Ticks. */
  readonly within: number;
  /** Microseconds; 0: it does not leak, and all may come close together. */
  readonly leakUs: number;
  readonly apartUs: number;
  /** Cells of a thing: THING_CELLS, or VALUED_CELLS where values are counted. */
  readonly thingCells: number;
}

export const THING_CELLS = 2;
export const VALUED_CELLS = 4;

export interface Seen {
  readonly nowUs: number;
  /** The same in ticks. */
  readonly now: number;
  readonly eventId: number;
}

/** Where a tape is; its group's block may move when a list is taken or given back. */
export interface TapePlace {
  readonly shelf: Shelf;
  group: number;
  word: number;
  /** Where its entry begins in the block. */
  offset: number;
}

export const BUCKET_CELLS = 2;
/** A tape without and with a mark. */
export const TAPE_CELLS = 4;
export const MARKED_TAPE_CELLS = 6;

const OLDEST = 1;
const SIZE = 2;
const ROOM = 3;
/** Double of a tape's entry. */
const MARK = 2;
const AT = 0;
const EVENT = 1;
const LO = 2;
const HI = 3;
const FIRST_THINGS = 6;

const entryOf = ({ shelf, group, offset }: TapePlace): number =>
  valueOf(shelf.keys, group) + offset;

export const tapeSize = ({ ints }: Arena, entry: number): number => ints[entry + SIZE] ?? 0;

/** Counts an event in a leaky bucket; true when it now runs over. `mark` is the place of its double. */
export function fillBucket(doubles: Float64Array, mark: number, spec: TapeSpec, nowUs: number) {
  const { over, leakUs } = spec;
  // The time at which it will be empty (GCRA).
  const emptyUs = Math.max(doubles[mark] ?? 0, nowUs) + leakUs;
  // A bucket that runs over holds no more: else a flood would be remembered for ever.
  const kept = Math.min(emptyUs, nowUs + (over + 1) * leakUs);
  doubles[mark] = kept;
  return (kept - nowUs) / leakUs > over;
}

/** Counts one thing, `value` null for the event itself, and says whether there are more than allowed. */
export function addToTape(
  tape: TapePlace,
  spec: TapeSpec,
  value: Hash | null,
  seen: Seen,
): boolean {
  const { arena } = tape.shelf;
  if (spec.apartUs > 0 && !isApart(arena, entryOf(tape), spec, seen.nowUs)) return false;
  if (spec.leakUs > 0 && value !== null) return leak(tape, spec, value, seen);
  if (value !== null) forgetOnTape(arena, entryOf(tape), value);
  push(tape, spec, value, seen);
  const entry = entryOf(tape);
  while (tapeSize(arena, entry) > spec.over) {
    const oldest = thingAt(arena.ints, entry, 0, spec.thingCells);
    const inWindow = ageOf(arena.ints[oldest + AT] ?? 0, seen.now) < spec.within;
    if (inWindow && tapeSize(arena, entry) <= spec.over + 1) break;
    dropOldestThing(arena, entry);
  }
  return tapeSize(arena, entry) > spec.over;
}

/** True when the last match lies far enough back; remembers this one. */
function isApart({ doubles }: Arena, entry: number, { apartUs }: TapeSpec, nowUs: number): boolean {
  const mark = (entry >> 1) + MARK;
  const lastUs = doubles[mark] ?? 0;
  doubles[mark] = nowUs;
  return lastUs === 0 || nowUs - lastUs >= apartUs;
}

function leak(tape: TapePlace, spec: TapeSpec, value: Hash, seen: Seen): boolean {
  const { arena } = tape.shelf;
  const entry = entryOf(tape);
  const leftUs = (arena.doubles[(entry >> 1) + MARK] ?? 0) - seen.nowUs;
  // What has leaked out is no longer known, so it counts when it comes again.
  const stillThere = Math.max(0, Math.ceil(leftUs / spec.leakUs));
  while (tapeSize(arena, entry) > stillThere) dropOldestThing(arena, entry);
  if (findThing(arena, entry, value) !== -1) return leftUs / spec.leakUs > spec.over;
  push(tape, spec, value, seen);
  const after = entryOf(tape);
  const isOver = fillBucket(arena.doubles, (after >> 1) + MARK, spec, seen.nowUs);
  while (tapeSize(arena, after) > spec.over + 1) dropOldestThing(arena, after);
  return isOver;
}

/** Takes a value off; by how many the tape shrank. */
export function forgetOnTape(arena: Arena, entry: number, value: Hash): number {
  const found = findThing(arena, entry, value);
  if (found === -1) return 0;
  const { ints } = arena;
  const size = tapeSize(arena, entry);
  for (let index = found; index < size - 1; index += 1) {
    const next = thingAt(ints, entry, index + 1, VALUED_CELLS);
    copyCells(ints, next, thingAt(ints, entry, index, VALUED_CELLS), VALUED_CELLS);
  }
  ints[entry + SIZE] = size - 1;
  return 1;
}

/** Calls `visit` with the age in ticks and the kept event number of each thing, oldest first. */
export function eachOnTape(
  arena: Arena,
  entry: number,
  { thingCells }: TapeSpec,
  now: number,
  visit: (age: number, event: number) => void,
): void {
  const { ints } = arena;
  const size = tapeSize(arena, entry);
  for (let index = 0; index < size; index += 1) {
    const thing = thingAt(ints, entry, index, thingCells);
    visit(ageOf(ints[thing + AT] ?? 0, now), ints[thing + EVENT] ?? 0);
  }
}

/** The number of a value's thing, counted from the oldest; -1: it is not there. */
function findThing(arena: Arena, entry: number, { lo, hi }: Hash): number {
  const { ints } = arena;
  if (ints[entry + ROOM] === 0) return -1;
  const size = tapeSize(arena, entry);
  for (let index = 0; index < size; index += 1) {
    const thing = thingAt(ints, entry, index, VALUED_CELLS);
    if (ints[thing + LO] === lo && ints[thing + HI] === hi) return index;
  }
  return -1;
}

/** Where the thing with this number, counted from the oldest, lies: in the entry or its list. */
function thingAt(ints: Int32Array, entry: number, index: number, thingCells: number): number {
  const room = ints[entry + ROOM] ?? 0;
  if (room === 0) return entry;
  const turned = (ints[entry + OLDEST] ?? 0) + index;
  const number = turned < room ? turned : turned - room;
  return (ints[entry + LIST] ?? 0) + LIST_HEAD + number * thingCells;
}

function push(tape: TapePlace, spec: TapeSpec, value: Hash | null, seen: Seen): void {
  const { arena } = tape.shelf;
  const entry = entryOf(tape);
  const size = tapeSize(arena, entry);
  const room = arena.ints[entry + ROOM] ?? 0;
  const fitsInEntry = room === 0 && size === 0 && value === null;
  // Without room for one more the oldest makes room.
  if (!fitsInEntry && size >= room && !widen(tape, size, spec)) {
    if (room === 0) return;
    dropOldestThing(arena, entry);
  }
  const { ints } = arena;
  const after = entryOf(tape);
  const thing = thingAt(ints, after, tapeSize(arena, after), spec.thingCells);
  ints[thing + AT] = seen.now;
  ints[thing + EVENT] = seen.eventId;
  if (value !== null) {
    ints[thing + LO] = value.lo;
    ints[thing + HI] = value.hi;
  }
  ints[after + SIZE] = tapeSize(arena, after) + 1;
}

/** Gives the tape a wider list; false when there is no room. */
function widen(tape: TapePlace, size: number, { over, thingCells }: TapeSpec): boolean {
  const { shelf, group, word } = tape;
  const { arena } = shelf;
  const entry = entryOf(tape);
  const room = arena.ints[entry + ROOM] ?? 0;
  const before = room === 0 ? 0 : (arena.ints[entry + LIST] ?? 0);
  const time = arena.ints[entry + AT] ?? 0;
  const event = arena.ints[entry + EVENT] ?? 0;
  const wanted = Math.min(Math.max(room * 2, FIRST_THINGS), Math.max(over + 2, size + 1));
  const list = addList(shelf, group, word, wanted * thingCells);
  if (list === 0) return false;
  const { ints } = arena;
  if (room === 0) {
    ints[list + LIST_HEAD + AT] = time;
    ints[list + LIST_HEAD + EVENT] = event;
  } else {
    // The list from its oldest thing to its end, and then what had gone round.
    const first = ints[entry + OLDEST] ?? 0;
    const straight = (room - first) * thingCells;
    const things = before + LIST_HEAD;
    copyCells(ints, things + first * thingCells, list + LIST_HEAD, straight);
    copyCells(ints, things, list + LIST_HEAD + straight, first * thingCells);
  }
  ints[entry + OLDEST] = 0;
  ints[entry + ROOM] = Math.floor(roomOf(arena, list) / thingCells);
  if (before !== 0) giveBack(shelf, before);
  return true;
}

function dropOldestThing({ ints }: Arena, entry: number): void {
  const room = ints[entry + ROOM] ?? 0;
  ints[entry + SIZE] = (ints[entry + SIZE] ?? 0) - 1;
  if (room === 0) return;
  const next = (ints[entry + OLDEST] ?? 0) + 1;
  ints[entry + OLDEST] = next < room ? next : 0;
}
