import { findGroup, findTally, openGroup, openTally } from './groups.js';

import type { Hash } from '../fields/hash.js';
import type { Kind, Place, RulePlan } from './plan.js';
import type { DetectState } from '../state.js';
import { addThing, forgetThing, isMuteAt, muteUntil } from './tally.js';
import { tallySize } from './things.js';
import type { Seen } from './things.js';

/**
 * What an event is to a rule whose condition holds: nothing yet; an attack that it sees but does not
 * count, for it caught the source a moment ago; or more than it allows, of all events or of proven
 * ones alone.
 */
export type Counted = null | 'mute' | 'exceeded' | 'exceeded by proven';

/** Counts an event under a rule; `forget`: takes its value out of the count again instead. */
export function countEvent(
  state: DetectState,
  rule: RulePlan,
  seen: Seen,
  proven: boolean,
  forget: boolean,
): Counted {
  const { main, distinct } = rule;
  if (main === null) return proven ? 'exceeded by proven' : 'exceeded';
  const value = distinct === null ? null : distinct();
  if (distinct !== null && value === null) return null;
  if (forget) {
    if (value !== null) forgetValue(state, rule, value, seen);
    return null;
  }
  if (isMute(state, rule, proven, seen)) return 'mute';
  // All events are counted, and proven ones by themselves once more.
  const exceeded = exceeds(state, rule, value, 0, seen);
  const exceededProven = proven && exceeds(state, rule, value, 1, seen);
  if (!exceeded) return null;
  return exceededProven ? 'exceeded by proven' : 'exceeded';
}

/** Proof is news: a rule that was muted by forged or unproven packets still fires on it. */
export function isMute(
  { groups, stamp }: DetectState,
  { mine }: RulePlan,
  proven: boolean,
  { nowUs }: Seen,
): boolean {
  const group = findGroup(groups, mine.groups, stamp, nowUs);
  const tally = findTally(groups, group, mine.whose + (proven ? 1 : 0));
  return tally !== 0 && isMuteAt(groups.records, tally, nowUs);
}

/** After a firing the rule is mute for its source; `proven`: also for proven events. */
export function mute(
  state: DetectState,
  { mine, compiled: { muteUs } }: RulePlan,
  proven: boolean,
  { nowUs }: Seen,
): void {
  const { groups, stamp } = state;
  const group = openGroup(groups, mine.groups, stamp, nowUs, state.onForget);
  if (group === 0) return;
  for (let kind = 0; kind <= (proven ? 1 : 0); kind += 1) {
    muteUntil(groups.records, openTally(groups, group, mine.whose + kind), nowUs + muteUs);
  }
}

/** True when the group has too many and, where the rule asks for it, the source its own share. */
function exceeds(
  state: DetectState,
  rule: RulePlan,
  value: Hash | null,
  kind: Kind,
  seen: Seen,
): boolean {
  const { main, mine } = rule;
  if (main === null) return false;
  const exceeded = add(state, rule, main, value, kind, seen);
  if (mine === main || mine.tally === null) return exceeded;
  return add(state, rule, mine, value, kind, seen) && exceeded;
}

function add(
  { groups, stamp, onForget }: DetectState,
  { state: ruleState }: RulePlan,
  { groups: spec, whose, tally: tallySpec }: Place,
  value: Hash | null,
  kind: Kind,
  seen: Seen,
): boolean {
  if (tallySpec === null) return false;
  const group = openGroup(groups, spec, stamp, seen.nowUs, onForget);
  if (group === 0) return false;
  const tally = openTally(groups, group, whose + kind);
  const before = tallySize(groups.records, tally);
  const exceeded = addThing(groups.records, tally, tallySpec, value, seen);
  ruleState.members += tallySize(groups.records, tally) - before;
  return exceeded;
}

function forgetValue(state: DetectState, rule: RulePlan, value: Hash, { nowUs }: Seen): void {
  const { groups, stamp } = state;
  for (const place of rule.main === null ? [] : [rule.main, rule.mine]) {
    const group = findGroup(groups, place.groups, stamp, nowUs);
    for (const kind of [0, 1]) {
      const tally = findTally(groups, group, place.whose + kind);
      if (tally === 0) continue;
      const before = tallySize(groups.records, tally);
      forgetThing(groups.records, tally, value);
      rule.state.members += tallySize(groups.records, tally) - before;
    }
  }
}

/** The tally that an exceeding rule rests on; 0: none. */
export function tallyBehind(
  { groups, stamp }: Pick<DetectState, 'groups' | 'stamp'>,
  { main }: RulePlan,
  proven: boolean,
  { nowUs }: Seen,
): number {
  if (main === null) return 0;
  const group = findGroup(groups, main.groups, stamp, nowUs);
  return findTally(groups, group, main.whose + (proven ? 1 : 0));
}
