import type { TrapEvent } from '../model/event.js';
import { isProven } from '../model/proof.js';
import { expectValue, isMute } from './board.js';
import type { Board, Kind } from './board.js';
import { waitsForSecond } from './firsts.js';
import type { Hash } from './hash.js';
import { countValue, forgetValue } from './ledger.js';
import { lookUp, openGroup, openTape } from './look-up.js';
import { TAPE_FLAG, tagOf } from './plan.js';
import type { Place, Plan, RulePlan } from './plan.js';
import type { DetectState } from './state.js';
import { addToTape, forgetOnTape, tapeSize } from './tape.js';
import type { Seen } from './tape.js';

/** More than the rule allows was counted; `provenExceeded`: so it was over proven events alone. */
export interface Counted {
  readonly provenExceeded: boolean;
}

export const UNPROVEN: Counted = { provenExceeded: false };
export const PROVEN: Counted = { provenExceeded: true };

/** Tells the board what the rule will look for, before the groups are looked up. */
export function expectRule(
  state: DetectState,
  { main, own }: RulePlan,
  proven: boolean,
  forget: boolean,
): void {
  if (main !== null) expectPlace(state.board, main, proven, forget);
  if (own !== null) expectPlace(state.board, own, proven, forget);
}

function expectPlace(board: Board, place: Place, proven: boolean, forget: boolean): void {
  const value = place.value === null ? null : place.value();
  if (place.value === null || value !== null) expectValue(board, place, value, proven, forget);
}

/** Looks up the groups that the rule counts in and is mute for. */
export function lookUpRule(
  { board, groups, limits }: DetectState,
  plan: Plan,
  { main, own, muteSpec }: RulePlan,
  nowUs: number,
): void {
  if (main !== null) lookUp(board, groups, plan, main.spec, limits.groupsMax, nowUs);
  if (own !== null) lookUp(board, groups, plan, own.spec, limits.groupsMax, nowUs);
  lookUp(board, groups, plan, muteSpec, limits.groupsMax, nowUs);
}

/**
 * Counts an event under a rule, or, with `forget`, takes its value out of the count. Null while
 * there is not more than the rule allows, and for an event without the fields that it counts.
 */
export function countEvent(
  state: DetectState,
  plan: Plan,
  rule: RulePlan,
  event: TrapEvent,
  seen: Seen,
  forget: boolean,
): Counted | null {
  const { main, own } = rule;
  if (main === null) return null;
  const value = main.value === null ? null : main.value();
  if (main.value !== null && value === null) return null;
  if (forget) {
    if (value !== null) forgetIn(state, plan, rule, main, value);
    if (value !== null && own !== null) forgetIn(state, plan, rule, own, value);
    return null;
  }
  // Whoever was caught a moment ago need not be counted: what it does is still named.
  const proven = isProven(event.proof);
  if (isMute(state.board, rule.state.slot, proven ? 1 : 0)) return proven ? PROVEN : UNPROVEN;
  const { board, groups, limits } = state;
  const mayWait = plan.ledgers[tagOf(main.word)]?.firsts === true;
  if (mayWait && waitsForSecond(board, groups, plan, main, limits, seen, proven)) return null;
  const exceeded = exceeds(state, plan, rule, main, value, seen, 0);
  const exceededProven = proven && exceeds(state, plan, rule, main, value, seen, 1);
  if (!exceeded) return null;
  return exceededProven ? PROVEN : UNPROVEN;
}

/** True when the group has too many and, where the rule asks for it, the source its own share. */
function exceeds(
  state: DetectState,
  plan: Plan,
  rule: RulePlan,
  main: Place,
  value: Hash | null,
  seen: Seen,
  kind: Kind,
): boolean {
  const exceeded = add(state, plan, rule, main, value, seen, kind);
  if (rule.own === null) return exceeded;
  return add(state, plan, rule, rule.own, value, seen, kind) && exceeded;
}

function add(
  { board, groups, limits }: DetectState,
  plan: Plan,
  rule: RulePlan,
  place: Place,
  value: Hash | null,
  seen: Seen,
  kind: Kind,
): boolean {
  const group = openGroup(board, groups, plan, place.spec, limits, seen.nowUs);
  if (group === 0) return false;
  if ((place.word & TAPE_FLAG) === 0) {
    return countValue(board, groups, plan, group, place, kind, seen);
  }
  const { records } = groups;
  const head = openTape(board, groups, group, place.word | kind);
  const before = tapeSize(records, head);
  const exceeded = addToTape(records, head, place, value, seen);
  rule.state.members += tapeSize(records, head) - before;
  return exceeded;
}

function forgetIn(
  { board, groups }: DetectState,
  plan: Plan,
  rule: RulePlan,
  place: Place,
  value: Hash,
): void {
  for (const kind of [0, 1] as const) {
    if ((place.word & TAPE_FLAG) === 0) {
      forgetValue(board, groups, plan, place, kind);
      continue;
    }
    const head = board.found[place.word | kind] ?? 0;
    if (head !== 0) rule.state.members -= forgetOnTape(groups.records, head, value);
  }
}
