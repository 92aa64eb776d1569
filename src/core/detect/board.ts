import { PLACE_BITS } from './group-block.js';
import type { Plan } from './plan.js';

const PLACE_MASK = (1 << PLACE_BITS) - 1;
/** Then the stamps begin anew, and what carries one is wiped: every half a million events. */
const STAMPS_MAX = 2 ** (32 - PLACE_BITS) - 1;

/**
 * What was found in the groups of one event: which groups it has, where the entries of each are, and
 * what rules that share a ledger look for together. What belongs to an event carries its stamp, so
 * that nothing has to be wiped between two events.
 */
export interface Board {
  stamp: number;
  now: number;
  /** The list of rules that the event is tried on. */
  list: number;
  /** The specs of groups that the event was the first of. */
  readonly fresh: number[];
  freshEnd: number;
  /** By spec: the event's group, 0 for none. */
  readonly specStamp: Int32Array;
  readonly group: Int32Array;
  /** By word: the place of its entry in the block of the group, with the stamp (group-block.ts). */
  readonly places: Int32Array;
  /** By word of a ledger: where the event's value is (ledger.ts). */
  readonly foundStamp: Int32Array;
  readonly found: Int32Array;
}

/** Of the two counts of a rule: over all events, or over proven ones alone. */
export type Kind = 0 | 1;

export function createBoard({ specs, tagsEnd }: Plan): Board {
  const ints = (length: number): Int32Array => new Int32Array(length);
  return {
    stamp: 0,
    now: 0,
    list: 0,
    fresh: [],
    freshEnd: 0,
    specStamp: ints(specs.length),
    group: ints(specs.length),
    places: ints(tagsEnd * 2),
    foundStamp: ints(tagsEnd * 2),
    found: ints(tagsEnd * 2),
  };
}

/** Begins another event. */
export function wipe(board: Board, now: number, list: number): void {
  board.stamp += 1;
  if (board.stamp > STAMPS_MAX) {
    for (const stamped of [board.specStamp, board.places, board.foundStamp]) stamped.fill(0);
    board.stamp = 1;
  }
  board.now = now;
  board.list = list;
  board.freshEnd = 0;
}

/** The place of a word's entry in a group that was looked up; 0: it has none. */
export function placeOf({ stamp, places }: Board, word: number): number {
  const place = places[word] ?? 0;
  return place >>> PLACE_BITS === stamp ? place & PLACE_MASK : 0;
}

/** Notes the place of a word's entry. */
export function setPlace({ stamp, places }: Board, word: number, place: number): void {
  places[word] = (stamp << PLACE_BITS) | place;
}
