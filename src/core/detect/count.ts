import { LIMITS } from '../model/limits.js';
import { placeOf } from './board.js';
import type { Kind } from './board.js';
import { waitsForSecond } from './firsts.js';
import { offsetOf } from './group-block.js';
import type { Hash } from './hash.js';
import { valueOf } from './key-table.js';
import { countOthers, countValue, forgetValue, isAlone, seeAgain } from './ledger.js';
import { isResting } from './ledger-value.js';
import { isMute, lookUp, openEntry, openGroup } from './look-up.js';
import type { Place, RulePlan } from './plan.js';
import type { DetectState } from './state.js';
import { tagOf } from './tags.js';
import { addToTape, fillBucket, forgetOnTape, tapeSize } from './tape.js';
import type { Seen, TapePlace } from './tape.js';

/** More than the rule allows was counted; `provenExceeded`: so it was over proven events alone. */
export interface Counted {
  readonly provenExceeded: boolean;
}

export const UNPROVEN: Counted = { provenExceeded: false };
export const PROVEN: Counted = { provenExceeded: true };

/**
 * What an event is to a rule whose condition holds: something that it sees but need not count, for
 * it caught the source a moment ago; a value to count or to take out of its count, when all rules
 * were looked at; or it was counted at once, with what came of that.
 */
export type Turn = 'mute' | 'counts' | 'forgets' | Counted | null;

/**
 * How many values count already for each rule of an event, by its number among those that match:
 * in its main place, then in the source's own, over all events, then over proven ones. One for the
 * whole program: it is used up before anything else can run.
 */
const others = new Int32Array(LIMITS.rulesMax * 4);

/**
 * Looks at what an event is to a rule. Rules that share a ledger must not see each other's changes,
 * so what changes one with several values is only looked at here; all else is counted at once.
 */
export function weigh(
  state: DetectState,
  rule: RulePlan,
  index: number,
  seen: Seen,
  proven: boolean,
  forget: boolean,
): Turn {
  const { board, groups, plan, limits } = state;
  const { main, own } = rule;
  const { nowUs } = seen;
  const muteGroup = lookUp(board, groups, plan, rule.muteSpec, limits.groupsMax, nowUs);
  if (main === null) return proven ? PROVEN : UNPROVEN;
  const value = main.value === null ? null : main.value();
  if (main.value !== null && value === null) return null;
  lookUp(board, groups, plan, main.spec, limits.groupsMax, nowUs);
  if (own !== null) lookUp(board, groups, plan, own.spec, limits.groupsMax, nowUs);
  if (forget) return value === null ? null : 'forgets';
  if (isMute(board, groups, muteGroup, rule.muteWord, proven ? 1 : 0)) return 'mute';
  if (main.shape === 'ledger' && own === null && !proven && value !== null) {
    if (seeAgain(board, groups, plan, main, value, seen.eventId)) return null;
  }
  const isShared = main.shape === 'ledger' || own?.shape === 'ledger';
  if (!isShared || value === null) return countEvent(state, rule, index, seen, proven);
  const mayWait =
    plan.ledgers[tagOf(main.word)]?.firsts === true && placeOf(board, main.word) === 0;
  if (mayWait && waitsForSecond(board, groups, plan, main, value, limits, seen, proven))
    return null;
  if (own === null && !proven) {
    // With its second source the group was made just now.
    const group = board.group[main.spec] ?? 0;
    const isFirst = isAlone(board, groups, group, main.word, value);
    if (isFirst) return add(state, rule, main, value, 0, seen, 0) ? UNPROVEN : null;
  }
  if (main.shape === 'ledger') weighPlace(state, main, value, index * 4, proven);
  if (own === null && !proven && isResting(board, main.word)) return null;
  if (own?.shape === 'ledger') weighPlace(state, own, value, index * 4 + 2, proven);
  return 'counts';
}

function weighPlace(
  { board, groups }: DetectState,
  place: Place,
  value: Hash,
  at: number,
  proven: boolean,
): void {
  const group = board.group[place.spec] ?? 0;
  others[at] = group === 0 ? 0 : countOthers(board, groups, group, place, place.word, value);
  if (!proven) return;
  others[at + 1] =
    group === 0 ? 0 : countOthers(board, groups, group, place, place.word | 1, value);
}

/** Counts an event under a rule; null while there is not more than the rule allows. */
export function countEvent(
  state: DetectState,
  rule: RulePlan,
  index: number,
  seen: Seen,
  proven: boolean,
): Counted | null {
  const { main } = rule;
  const value = main === null || main.value === null ? null : main.value();
  const exceeded = exceeds(state, rule, value, index, seen, 0);
  const exceededProven = proven && exceeds(state, rule, value, index, seen, 1);
  if (!exceeded) return null;
  return exceededProven ? PROVEN : UNPROVEN;
}

/** True when the group has too many and, where the rule asks for it, the source its own share. */
function exceeds(
  state: DetectState,
  rule: RulePlan,
  value: Hash | null,
  index: number,
  seen: Seen,
  kind: Kind,
): boolean {
  const { main, own } = rule;
  if (main === null) return false;
  const exceeded = add(state, rule, main, value, others[index * 4 + kind] ?? 0, seen, kind);
  if (own === null) return exceeded;
  return add(state, rule, own, value, others[index * 4 + 2 + kind] ?? 0, seen, kind) && exceeded;
}

function add(
  { board, groups, plan, limits }: DetectState,
  { state: ruleState }: RulePlan,
  place: Place,
  value: Hash | null,
  alreadyThere: number,
  seen: Seen,
  kind: Kind,
): boolean {
  const group = openGroup(board, groups, plan, place.spec, limits, seen.nowUs);
  if (group === 0) return false;
  const word = place.word | kind;
  if (place.shape === 'ledger') {
    if (value === null) return false;
    return countValue(board, groups, plan, group, place, kind, value, alreadyThere, seen);
  }
  const offset = offsetOf(openEntry(board, groups, group, word, place.entryCells));
  if (offset === 0) return false;
  const { arena, keys } = groups;
  const entry = valueOf(keys, group) + offset;
  if (place.shape === 'bucket') return fillBucket(arena.doubles, entry >> 1, place, seen.nowUs);
  const tape: TapePlace = { shelf: groups, group, word, offset };
  const before = tapeSize(arena, entry);
  const exceeded = addToTape(tape, place, value, seen);
  ruleState.members += tapeSize(arena, valueOf(keys, group) + offset) - before;
  return exceeded;
}

/** Takes the event's value out of a rule's counts. */
export function forgetEvent(state: DetectState, { state: ruleState, main, own }: RulePlan): void {
  const value = main === null || main.value === null ? null : main.value();
  if (value === null) return;
  const { board, groups, plan } = state;
  for (const place of [main, own]) {
    const group = place === null ? 0 : (board.group[place.spec] ?? 0);
    if (place === null || group === 0) continue;
    for (const kind of [0, 1] as const) {
      if (place.shape === 'ledger') {
        forgetValue(board, groups, plan, group, place, kind, value);
        continue;
      }
      const at = placeOf(board, place.word | kind);
      const entry = valueOf(groups.keys, group) + offsetOf(at);
      if (at !== 0) ruleState.members -= forgetOnTape(groups.arena, entry, value);
    }
  }
}
