import { createHash } from 'node:crypto';
import type { TrapEvent } from '../model/event.js';
import { LIMITS } from '../model/limits.js';
import type { CompiledRule } from './compile.js';
import { detach } from './detach.js';
import type { FieldReader } from './event-view.js';
import { addEntry, dropOldest, findEntry, touchEntry } from './recent-map.js';
import type { Entry } from './recent-map.js';
import type { DetectLimits, Group, RuleState } from './state.js';

/** Whom an event is held against: the one place to change when prefixes are counted. */
export const sourceOf = (event: TrapEvent): string => event.source.address;

/**
 * The name of an event's group under a rule; null when a field that makes groups is missing. The
 * values come from packets, so each is written with its length: no two groups share a name.
 */
export function groupKey({ count }: CompiledRule, event: TrapEvent): string | null {
  const source = sourceOf(event);
  if (count === null || count.by.length === 0) return source;
  let key = '';
  for (const read of count.by) {
    const member = memberOf(read);
    if (member === null) return null;
    key += `${member.length}:${member} `;
  }
  return key + source;
}

/** The value of a field as something to count; null when it is missing. */
export function memberOf(read: FieldReader): string | null {
  const value = read();
  if (value === '' || value === -1) return null;
  const text = String(value);
  return text.length <= LIMITS.ruleMemberCharsMax
    ? text
    : createHash('sha256').update(text, 'latin1').digest('base64');
}

/** The group of that name, made if need be, and now the one touched last. */
export function openGroup(
  state: RuleState,
  compiled: CompiledRule,
  key: string,
  nowUs: number,
  limits: DetectLimits,
): Group {
  const known = findEntry(state.groups, key);
  if (known !== null) {
    touchEntry(state.groups, known, nowUs);
    return known.value;
  }
  makeRoom(state, compiled, nowUs, limits);
  const group = { all: null, proven: null, mutedUntilUs: 0, mutedProvenUntilUs: 0 };
  return addEntry(state.groups, detach(key), group, nowUs).value;
}

/** The group of that name if there is one; not a touch. */
export const knownGroup = (state: RuleState, key: string): Group | null =>
  findEntry(state.groups, key)?.value ?? null;

/** Takes away what is over the bound, and in passing two groups that mean nothing any more. */
function makeRoom(
  state: RuleState,
  compiled: CompiledRule,
  nowUs: number,
  { ruleGroupsMax, ruleMembersMax }: DetectLimits,
): void {
  for (let step = 0; state.groups.oldest !== null; step += 1) {
    const full = state.groups.size >= ruleGroupsMax || state.members >= ruleMembersMax;
    const live = isLive(state.groups.oldest, compiled, nowUs);
    if (!full && (live || step >= 2)) return;
    const dropped = dropOldest(state.groups);
    if (dropped === null) return;
    state.members -= (dropped.value.all?.size ?? 0) + (dropped.value.proven?.size ?? 0);
    if (live) state.evicted += 1;
  }
}

function isLive({ value, touchedAtUs }: Entry<Group>, rule: CompiledRule, nowUs: number): boolean {
  const mutedUntilUs = Math.max(value.mutedUntilUs, value.mutedProvenUntilUs);
  return touchedAtUs + (rule.count?.withinUs ?? 0) > nowUs || mutedUntilUs > nowUs;
}
