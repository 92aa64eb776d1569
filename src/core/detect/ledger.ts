import { placeOf } from './board.js';
import type { Board, Kind } from './board.js';
import { LIST, LISTED, offsetOf } from './group-block.js';
import type { Groups } from './groups.js';
import type { Hash } from './hash.js';
import { valueOf } from './key-table.js';
import {
  AGAIN,
  AT,
  dropValue,
  eachHeld,
  END,
  EVENT,
  isNewest,
  isShort,
  MASK,
  OLDEST,
  SIZE,
  VALUE_CELLS,
} from './ledger-list.js';
import {
  clearBits,
  findValue,
  membersChanged,
  NOT_THERE,
  placeValue,
  RESTING,
} from './ledger-value.js';
import type { Place, Plan } from './plan.js';
import { tagOf } from './tags.js';
import type { Seen } from './tape.js';
import { ageOf } from './ticks.js';

/**
 * The commonest case at once: the event's value was counted by the rule before, and there are too few
 * values to exceed. True when it is so; the value was seen now.
 */
export function seeAgain(
  board: Board,
  { arena, keys }: Groups,
  { ledgers }: Plan,
  { spec, word, bit, over, settle }: Place,
  value: Hash,
  eventId: number,
): boolean {
  const place = placeOf(board, word);
  if (place === 0 || over === 0 || settle > 0) return false;
  const { ints } = arena;
  const entry = valueOf(keys, board.group[spec] ?? 0) + offsetOf(place);
  const isListed = (place & LISTED) !== 0;
  if (isListed && (ints[entry + SIZE] ?? 0) > over) return false;
  const found = findValue(board, ints, entry, place, word, value);
  if (found < 0 || (isListed && !isNewest(ints, entry, found))) return false;
  const at = isListed ? (ints[entry + LIST] ?? 0) + found : entry;
  if ((((ints[at + MASK] ?? 0) >> bit) & 1) === 0) return false;
  if (ageOf(ints[at + AT] ?? 0, board.now) >= (ledgers[tagOf(word)]?.kept ?? 0)) return false;
  ints[at + AT] = board.now;
  ints[at + EVENT] = eventId;
  return true;
}

/** True when a ledger has no value, or the event's alone: then it can be counted at once. */
export function isAlone(
  board: Board,
  { arena, keys }: Groups,
  group: number,
  word: number,
  value: Hash,
): boolean {
  const place = placeOf(board, word);
  if (place === 0) return true;
  if ((place & LISTED) !== 0) return false;
  const entry = valueOf(keys, group) + offsetOf(place);
  return findValue(board, arena.ints, entry, place, word, value) === 0;
}

/**
 * How many other values count for a rule already, as far as that can matter: 0 also where they are
 * too few to exceed. The group was looked up; nothing of this event was counted yet.
 */
export function countOthers(
  board: Board,
  { arena, keys }: Groups,
  group: number,
  rule: Place,
  word: number,
  value: Hash,
): number {
  const place = placeOf(board, word);
  if (place === 0) return 0;
  const { ints } = arena;
  const entry = valueOf(keys, group) + offsetOf(place);
  const found = findValue(board, ints, entry, place, word, value);
  if (found === RESTING) return 0;
  if ((place & LISTED) === 0)
    return found === 0 ? 0 : countRange(ints, rule, board.now, entry, entry, -1);
  const others = (ints[entry + SIZE] ?? 0) - (found === NOT_THERE ? 0 : 1);
  if (others + (rule.settle > 0 ? 0 : 1) <= rule.over) return 0;
  const list = ints[entry + LIST] ?? 0;
  const oldest = list + (ints[entry + OLDEST] ?? 0);
  // In a list in order nothing has settled where the oldest has not.
  const isYoung = rule.settle > 0 && ageOf(ints[oldest + AT] ?? 0, board.now) < rule.settle;
  if (isYoung && !isShort(ints, list)) return 0;
  const last = list + (ints[entry + END] ?? 0) - VALUE_CELLS;
  return countRange(ints, rule, board.now, oldest, last, list + found);
}

/** Values of a rule between two places, both among them, without that at `own`. */
function countRange(
  ints: Int32Array,
  { bit, within, settle }: Place,
  now: number,
  first: number,
  last: number,
  own: number,
): number {
  let count = 0;
  for (let at = first; at <= last; at += VALUE_CELLS) {
    const counts = (((ints[at + MASK] ?? 0) & ~(ints[at + AGAIN] ?? 0)) >> bit) & 1;
    if (counts === 0 || at === own) continue;
    const age = ageOf(ints[at + AT] ?? 0, now);
    if (age < within && age >= settle) count += 1;
  }
  return count;
}

/**
 * Counts the event's value under a rule's place, besides `others` that count already; true when
 * there are now more than allowed.
 */
export function countValue(
  board: Board,
  groups: Groups,
  plan: Plan,
  group: number,
  rule: Place,
  kind: Kind,
  value: Hash,
  others: number,
  { now, eventId }: Seen,
): boolean {
  const word = rule.word | kind;
  const at = placeValue(board, groups, plan, group, word, value);
  if (at <= 0) return false;
  const { ints } = groups.arena;
  const kept = plan.ledgers[tagOf(word)]?.kept ?? 0;
  // What no rule counts any more comes for the first time.
  if (ageOf(ints[at + AT] ?? 0, now) >= kept) clearBits(ints, plan, at, word, -1);
  const own = 1 << rule.bit;
  const mask = ints[at + MASK] ?? 0;
  if ((mask & own) === 0) {
    ints[at + MASK] = mask | own;
    membersChanged(plan, tagOf(word) * 32 + rule.bit, 1);
  } else if (rule.settle > 0) ints[at + AGAIN] = (ints[at + AGAIN] ?? 0) | own;
  ints[at + AT] = now;
  ints[at + EVENT] = eventId;
  return others + (rule.settle > 0 ? 0 : 1) > rule.over;
}

/** Takes the event's value out of a rule's count again. */
export function forgetValue(
  board: Board,
  { arena, keys }: Groups,
  plan: Plan,
  group: number,
  rule: Place,
  kind: Kind,
  value: Hash,
): void {
  const word = rule.word | kind;
  const place = placeOf(board, word);
  if (place === 0) return;
  const { ints } = arena;
  const entry = valueOf(keys, group) + offsetOf(place);
  const found = findValue(board, ints, entry, place, word, value);
  if (found < 0) return;
  const isListed = (place & LISTED) !== 0;
  const at = isListed ? (ints[entry + LIST] ?? 0) + found : entry;
  clearBits(ints, plan, at, word, 1 << rule.bit);
  if (ints[at + MASK] !== 0) return;
  // Nobody's any more.
  board.found[word] = NOT_THERE;
  if (!isListed) return;
  dropValue(ints, entry, found);
}

/** Calls `visit` with age (ticks) and kept event number of each value that a place's rule counts. */
export function eachValue(
  { arena, keys }: Groups,
  group: number,
  place: number,
  { bit, within }: Place,
  now: number,
  visit: (age: number, event: number) => void,
): void {
  const { ints } = arena;
  const entry = valueOf(keys, group) + offsetOf(place);
  const list = (place & LISTED) === 0 ? 0 : (ints[entry + LIST] ?? 0);
  eachHeld(arena, entry, list, (at) => {
    const age = ageOf(ints[at + AT] ?? 0, now);
    if (age < within && (((ints[at + MASK] ?? 0) >> bit) & 1) === 1) {
      visit(age, ints[at + EVENT] ?? 0);
    }
  });
}
