import type { TrapEvent } from '../model/event.js';
import { isProven } from '../model/proof.js';
import type { CompiledCount, CompiledRule } from './compile.js';
import { detach } from './detach.js';
import { groupKey, knownGroup, memberOf, openGroup } from './group.js';
import type { DetectLimits, Group, RuleState } from './state.js';
import { tallyMember } from './tally.js';
import type { Seen } from './tally.js';

/** More than the rule allows was counted; `provenExceeded`: so it was over proven events alone. */
export interface Counted {
  readonly provenExceeded: boolean;
}

/**
 * Counts an event under a rule, or, with `forget`, takes its value out of the count. Null while
 * there is not more than the rule allows, and for an event without the fields that it counts.
 */
export function countEvent(
  limits: DetectLimits,
  state: RuleState,
  compiled: CompiledRule,
  count: CompiledCount,
  event: TrapEvent,
  forget: boolean,
): Counted | null {
  const key = groupKey(compiled, event);
  const member = count.distinct === null ? event.id : memberOf(count.distinct);
  if (key === null || member === null) return null;
  if (forget) {
    forgetMember(state, knownGroup(state, key), member);
    return null;
  }
  const group = openGroup(state, compiled, key, event.receivedAtUs, limits);
  const exceeded = add(state, group, 'all', count, member, event);
  const provenExceeded = isProven(event.proof) && add(state, group, 'proven', count, member, event);
  return exceeded ? { provenExceeded } : null;
}

function add(
  state: RuleState,
  group: Group,
  which: 'all' | 'proven',
  { over, withinUs }: CompiledCount,
  member: string | number,
  event: TrapEvent,
): boolean {
  const tally = (group[which] ??= new Map<string | number, Seen>());
  const kept = typeof member === 'number' || tally.has(member) ? member : detach(member);
  const seen = { atUs: event.receivedAtUs, eventId: event.id };
  const { exceeded, grown } = tallyMember(tally, kept, seen, over, withinUs);
  state.members += grown;
  return exceeded;
}

function forgetMember(state: RuleState, group: Group | null, member: string | number): void {
  if (group?.all?.delete(member) === true) state.members -= 1;
  if (group?.proven?.delete(member) === true) state.members -= 1;
}
