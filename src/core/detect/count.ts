import type { TrapEvent } from '../model/event.js';
import { isProven } from '../model/proof.js';
import type { CompiledCount, CompiledRule } from './compile.js';
import { findGroup, findTally, isFull, makeRoom, openGroup, openTally } from './groups.js';
import type { TallyKind } from './groups.js';
import type { Hash } from './hash.js';
import type { KeySpec } from './key-spec.js';
import type { DetectState, RuleState } from './state.js';
import { forgetMember, mutedUntilUs, sizeOf, tallyMember } from './tally.js';
import type { Seen, TallySpec } from './tally.js';

/** More than the rule allows was counted; `provenExceeded`: so it was over proven events alone. */
export interface Counted {
  readonly provenExceeded: boolean;
}

const UNPROVEN: Counted = { provenExceeded: false };
const PROVEN: Counted = { provenExceeded: true };

/**
 * Counts an event under a rule, or, with `forget`, takes its value out of the count. Null while
 * there is not more than the rule allows, and for an event without the fields that it counts.
 */
export function countEvent(
  state: DetectState,
  ruleState: RuleState,
  { muteSpec }: CompiledRule,
  count: CompiledCount,
  event: TrapEvent,
  forget: boolean,
): Counted | null {
  const member = count.distinct === null ? null : count.distinct();
  if (count.distinct !== null && member === null) return null;
  if (forget) {
    if (member !== null) forgetIn(state, ruleState, count.spec, count.tally, member);
    if (member !== null && count.own !== null)
      forgetIn(state, ruleState, muteSpec, count.own, member);
    return null;
  }
  // Whoever was caught a moment ago need not be counted: what it does is still named.
  const kind = isProven(event.proof) ? 'proven' : 'all';
  const caught = findTally(state.groups, findGroup(state.groups, muteSpec), ruleState.slot, kind);
  if (caught !== 0 && mutedUntilUs(state.groups, caught) > event.receivedAtUs) {
    return kind === 'proven' ? PROVEN : UNPROVEN;
  }
  if (isFull(state.groups, state.limits)) {
    makeRoom(state.groups, state.limits, state.slots, event.receivedAtUs);
  }
  const seen = { nowUs: event.receivedAtUs, eventId: event.id };
  if (!isProven(event.proof)) {
    return exceeds(state, ruleState, muteSpec, count, member, seen, 'all') ? UNPROVEN : null;
  }
  const exceeded = exceeds(state, ruleState, muteSpec, count, member, seen, 'all');
  const proven = exceeds(state, ruleState, muteSpec, count, member, seen, 'proven');
  if (!exceeded) return null;
  return proven ? PROVEN : UNPROVEN;
}

/** True when the group has too many and, where the rule asks for it, the source its own share. */
function exceeds(
  state: DetectState,
  ruleState: RuleState,
  sourceSpec: KeySpec,
  { spec, tally, own }: CompiledCount,
  member: Hash | null,
  seen: Seen,
  kind: TallyKind,
): boolean {
  const exceeded = add(state, ruleState, spec, tally, member, seen, kind);
  if (own === null) return exceeded;
  return add(state, ruleState, sourceSpec, own, member, seen, kind) && exceeded;
}

function add(
  state: DetectState,
  ruleState: RuleState,
  spec: KeySpec,
  tallySpec: TallySpec,
  member: Hash | null,
  seen: Seen,
  kind: TallyKind,
): boolean {
  const { groups, limits, slots } = state;
  const group = openGroup(groups, spec, limits, slots, seen.nowUs);
  if (group === 0) return false;
  const tally = openTally(groups, group, ruleState, kind);
  const before = sizeOf(groups, tally);
  const exceeded = tallyMember(groups, tally, tallySpec, member, seen);
  ruleState.members += sizeOf(groups, tally) - before;
  return exceeded;
}

function forgetIn(
  { groups }: DetectState,
  ruleState: RuleState,
  spec: KeySpec,
  tallySpec: TallySpec,
  member: Hash,
): void {
  const group = findGroup(groups, spec);
  for (const kind of ['all', 'proven'] as const) {
    const tally = findTally(groups, group, ruleState.slot, kind);
    if (tally !== 0) ruleState.members -= forgetMember(groups, tally, tallySpec, member);
  }
}
