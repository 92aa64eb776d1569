import type { Hash } from './hash.js';
import { tagOf } from './plan.js';
import type { Place, Plan } from './plan.js';

/**
 * What is looked for and found in the groups of one event. The rules say first what they look for
 * (`expectValue`); then each group's list is walked once, for all of them together (`lookUp`). What
 * belongs to an event carries its stamp, so that nothing has to be wiped between two events.
 */
export interface Board {
  stamp: number;
  now: number;
  /** By spec. */
  readonly specStamp: Int32Array;
  readonly group: Int32Array;
  /** By word. `found` is the event's value, or the tape, or RESTING; `long` the head of a long ledger. */
  readonly wordStamp: Int32Array;
  readonly found: Int32Array;
  readonly foundAfter: Int32Array;
  readonly long: Int32Array;
  readonly size: Int32Array;
  readonly oldest: Int32Array;
  readonly oldestAge: Int32Array;
  /** By tag. */
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly mask: Int32Array;
  /** Stamped where a rule takes the event's value out of its count. */
  readonly forgetStamp: Int32Array;
  /** By (tag × 32 + bit) × 2 + kind: values that count already, without the event's own. */
  readonly count: Int32Array;
  /** By slot × 2 + kind. */
  readonly muteStamp: Int32Array;
  readonly muteRecord: Int32Array;
  readonly muteUntil: Int32Array;
  /** Long ledgers met in the list that is being walked. */
  readonly met: number[];
}

/** Stands in `found` while a ledger takes nothing in. */
export const RESTING = -1;

/** Of the two counts of a rule: over all events, or over proven ones alone. */
export type Kind = 0 | 1;

export function createBoard({ specs, tagsEnd, slotsEnd }: Plan): Board {
  const ints = (length: number): Int32Array => new Int32Array(length);
  return {
    stamp: 0,
    now: 0,
    specStamp: ints(specs.length),
    group: ints(specs.length),
    wordStamp: ints(tagsEnd * 4),
    found: ints(tagsEnd * 4),
    foundAfter: ints(tagsEnd * 4),
    long: ints(tagsEnd * 4),
    size: ints(tagsEnd * 4),
    oldest: ints(tagsEnd * 4),
    oldestAge: ints(tagsEnd * 4),
    lo: ints(tagsEnd),
    hi: ints(tagsEnd),
    mask: ints(tagsEnd),
    forgetStamp: ints(tagsEnd),
    count: ints(tagsEnd * 64),
    muteStamp: ints(slotsEnd * 2),
    muteRecord: ints(slotsEnd * 2),
    muteUntil: ints(slotsEnd * 2),
    met: [],
  };
}

/** Begins another event. */
export function wipe(board: Board, now: number): void {
  board.stamp += 1;
  board.now = now;
}

/**
 * Looks for `value` under a place, in the count over all events and, of a proven event or one that
 * takes its value back, also in that over proven ones.
 */
export function expectValue(
  board: Board,
  place: Place,
  value: Hash | null,
  proven: boolean,
  forget: boolean,
): void {
  const { word, bit } = place;
  const tag = tagOf(word);
  if (forget) board.forgetStamp[tag] = board.stamp;
  expectWord(board, word);
  if (proven || forget) expectWord(board, word | 1);
  if (value !== null) {
    board.lo[tag] = value.lo;
    board.hi[tag] = value.hi;
  }
  board.mask[tag] = (board.mask[tag] ?? 0) | (1 << bit);
  const at = (tag * 32 + bit) * 2;
  board.count[at] = 0;
  board.count[at + 1] = 0;
}

function expectWord(board: Board, word: number): void {
  if (board.wordStamp[word] === board.stamp) return;
  // The mask is of both kinds, and is wiped by the first of them that is asked for.
  if (board.wordStamp[word ^ 1] !== board.stamp) board.mask[tagOf(word)] = 0;
  board.wordStamp[word] = board.stamp;
  board.found[word] = 0;
  board.foundAfter[word] = 0;
  board.long[word] = 0;
  board.size[word] = 0;
  board.oldest[word] = 0;
  board.oldestAge[word] = -1;
}

/** True while the rule is mute for the groups looked up. */
export function isMute(board: Board, slot: number, kind: Kind): boolean {
  const index = slot * 2 + kind;
  return (
    board.muteStamp[index] === board.stamp && (((board.muteUntil[index] ?? 0) - board.now) | 0) > 0
  );
}
