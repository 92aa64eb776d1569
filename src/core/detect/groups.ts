import type { CompiledRule } from './compile.js';
import {
  addKey,
  createKeyTable,
  dropOldest,
  findKey,
  setValue,
  touchKey,
  touchedUs,
  valueOf,
} from './key-table.js';
import type { KeyTable } from './key-table.js';
import type { KeySpec } from './key-spec.js';
import { viewStamp } from './event-view.js';
import { createMemberIndex } from './member-index.js';
import { createSlab, getInt, giveBack, setInt, takeRecord } from './slab.js';
import type { DetectLimits, RuleState } from './state.js';
import { emptyTally, mutedUntilUs } from './tally.js';
import type { Tallies } from './tally.js';

/**
 * What all rules remember of all groups. A group is one combination of the values of some fields;
 * the tallies of all rules that count by these fields hang on it, so that it is looked for once an
 * event. The groups seen longest ago go first when a bound is reached.
 */
export interface Groups extends Tallies {
  readonly keys: KeyTable;
  /** Changes when a group goes: what a KeySpec found before may be gone. */
  epoch: number;
  /** By tally word, in which group it was looked for last, and what was found there. */
  readonly memoGroup: number[];
  readonly memoTally: number[];
}

/** One rule's state by its slot, with the rule as it is now; null when it is no longer in force. */
export interface Slot {
  readonly state: RuleState;
  readonly compiled: CompiledRule;
}
export type Slots = readonly (Slot | null)[];

export type TallyKind = 'all' | 'proven';

/** Of the two tallies of a rule: over all events, or over proven ones alone. */
const KIND_BIT: Readonly<Record<TallyKind, number>> = { all: 0, proven: 1 };

const SLOT = 0;
const NEXT = 1;

export const createGroups = (): Groups => ({
  keys: createKeyTable(),
  tallies: createSlab(),
  members: createSlab(),
  index: createMemberIndex(),
  epoch: 0,
  memoGroup: [],
  memoTally: [],
});

/** The group of the event looked at; 0 when there is none yet. */
export function findGroup(groups: Groups, spec: KeySpec): number {
  const stamp = viewStamp();
  if (spec.foundStamp === stamp && spec.foundEpoch === groups.epoch && spec.found !== 0) {
    return spec.found;
  }
  const key = spec.read();
  const found = key === null ? 0 : findKey(groups.keys, key);
  spec.found = found;
  spec.foundStamp = stamp;
  spec.foundEpoch = groups.epoch;
  return found;
}

/** The same, made if need be, and now the one touched last; 0 when a field of it is missing. */
export function openGroup(
  groups: Groups,
  spec: KeySpec,
  limits: DetectLimits,
  slots: Slots,
  nowUs: number,
): number {
  const known = findGroup(groups, spec);
  if (known !== 0) {
    touchKey(groups.keys, known, nowUs);
    return known;
  }
  const key = spec.read();
  if (key === null) return 0;
  makeRoom(groups, limits, slots, nowUs);
  const added = addKey(groups.keys, key, nowUs);
  spec.found = added;
  spec.foundStamp = viewStamp();
  spec.foundEpoch = groups.epoch;
  return added;
}

/**
 * A rule's tally in a group; 0 when it has none. Walking the list of a group once remembers all
 * tallies in it, because the other rules ask next.
 */
export function findTally(groups: Groups, group: number, slot: number, kind: TallyKind): number {
  if (group === 0) return 0;
  const wanted = (slot << 1) | KIND_BIT[kind];
  const { tallies, memoGroup, memoTally } = groups;
  if (memoGroup[wanted] === group) return memoTally[wanted] ?? 0;
  let found = 0;
  let tally = valueOf(groups.keys, group);
  while (tally !== 0) {
    const word = getInt(tallies, tally, SLOT);
    memoGroup[word] = group;
    memoTally[word] = tally;
    if (word === wanted) found = tally;
    tally = getInt(tallies, tally, NEXT);
  }
  memoGroup[wanted] = group;
  memoTally[wanted] = found;
  return found;
}

/** The same, made if need be. */
export function openTally(
  groups: Groups,
  group: number,
  state: RuleState,
  kind: TallyKind,
): number {
  const known = findTally(groups, group, state.slot, kind);
  if (known !== 0) return known;
  const tally = takeRecord(groups.tallies);
  const word = (state.slot << 1) | KIND_BIT[kind];
  setInt(groups.tallies, tally, SLOT, word);
  setInt(groups.tallies, tally, NEXT, valueOf(groups.keys, group));
  setValue(groups.keys, group, tally);
  groups.memoGroup[word] = group;
  groups.memoTally[word] = tally;
  if (kind === 'all') state.groups += 1;
  return tally;
}

/** Takes away what is over a bound, and in passing two groups that mean nothing any more. */
export function makeRoom(groups: Groups, limits: DetectLimits, slots: Slots, nowUs: number): void {
  const { keys } = groups;
  for (let step = 0; keys.oldest !== 0; step += 1) {
    const full = isFull(groups, limits);
    if (!full && (step >= 2 || isLive(groups, slots, nowUs))) return;
    dropGroup(groups, slots, nowUs);
  }
}

export const isFull = ({ keys, tallies, members }: Groups, limits: DetectLimits): boolean =>
  keys.size >= limits.groupsMax ||
  tallies.size >= limits.talliesMax ||
  members.size >= limits.membersMax;

/** True while a tally of the oldest group can still matter. */
function isLive(groups: Groups, slots: Slots, nowUs: number): boolean {
  let tally = valueOf(groups.keys, groups.keys.oldest);
  while (tally !== 0) {
    if (isTallyLive(groups, tally, slots, nowUs)) return true;
    tally = getInt(groups.tallies, tally, NEXT);
  }
  return false;
}

function isTallyLive(groups: Groups, tally: number, slots: Slots, nowUs: number): boolean {
  const slot = slots[getInt(groups.tallies, tally, SLOT) >> 1];
  if (slot === null || slot === undefined) return false;
  if (mutedUntilUs(groups, tally) > nowUs) return true;
  const { count } = slot.compiled;
  return touchedUs(groups.keys, groups.keys.oldest) + (count?.keptUs ?? 0) > nowUs;
}

function dropGroup(groups: Groups, slots: Slots, nowUs: number): void {
  const { keys, tallies } = groups;
  let tally = valueOf(keys, keys.oldest);
  while (tally !== 0) {
    const next = getInt(tallies, tally, NEXT);
    const word = getInt(tallies, tally, SLOT);
    const live = isTallyLive(groups, tally, slots, nowUs);
    const freed = emptyTally(groups, tally);
    const state = slots[word >> 1]?.state;
    if (state !== undefined) {
      state.members -= freed;
      if ((word & 1) === 0) state.groups -= 1;
      if (live && (word & 1) === 0) state.evicted += 1;
    }
    giveBack(tallies, tally);
    tally = next;
  }
  dropOldest(keys);
  groups.epoch += 1;
  groups.memoGroup.fill(0);
}
