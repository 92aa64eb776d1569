import { createFirsts } from './first-table.js';
import type { Firsts } from './first-table.js';
import type { Hash } from './hash.js';
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
import { LONG_FLAG, MUTE_WORD, tagOf, TAPE_FLAG } from './plan.js';
import type { BitRule, Plan, PlanSpec } from './plan.js';
import { createPool, giveBack, takeRecord } from './pool.js';
import type { Pool } from './pool.js';
import { MASK, NEXT, OLDEST, SIEVE, WORD } from './record.js';
import type { DetectLimits } from './state.js';
import { emptyTape } from './tape.js';

/**
 * What all rules remember of all groups. A group is one combination of the values of some fields;
 * the records of all rules that count by these fields hang on it in one list, which is walked once
 * an event. The groups seen longest ago go first when a bound is reached.
 */
export interface Groups {
  /** The value is the first record of the group's list. */
  readonly keys: KeyTable;
  readonly records: Pool;
  /** Networks by their hash: the only source seen in them, or SEVERAL. */
  readonly networks: KeyTable;
  /** What has no group yet. */
  readonly firsts: Firsts;
}

/** Odd, as no kept source is. */
const SEVERAL = 1;
/** Order of use is kept to a second: putting a group first each time costs more than it tells. */
const TOUCH_US = 1e6;
/** Records that one event can take beyond the bound: all rules', of both kinds. */
const SLACK_RECORDS = 8_192;
/** While so few groups may still come, the order of use is kept exactly. */
const TIGHT_GROUPS = 1_024;

export const createGroups = (limits: DetectLimits): Groups => ({
  keys: createKeyTable(limits.groupsMax),
  records: createPool(limits.recordsMax + SLACK_RECORDS),
  networks: createKeyTable(limits.networksMax),
  firsts: createFirsts(limits.firstsMax),
});

/** The group of the event looked at; 0 when there is none yet. It is now the one used last. */
export function findGroup({ keys }: Groups, { key }: PlanSpec, max: number, nowUs: number): number {
  const hash = key.read();
  if (hash === null) return 0;
  const found = findKey(keys, hash);
  if (found === 0) return 0;
  const isTight = keys.size + TIGHT_GROUPS > max;
  if (isTight || Math.abs(nowUs - touchedUs(keys, found)) >= TOUCH_US) touchKey(keys, found, nowUs);
  return found;
}

/** Makes the group; 0 when a field of it is missing. */
export function addGroup(
  groups: Groups,
  plan: Plan,
  key: Hash,
  max: number,
  nowUs: number,
): number {
  const { keys } = groups;
  for (let step = 0; step < 2 && keys.oldest !== 0; step += 1) {
    // In passing two groups that mean nothing any more.
    if (keys.size < max && touchedUs(keys, keys.oldest) + plan.keptUs > nowUs) break;
    dropGroup(groups, plan, nowUs);
  }
  return addKey(keys, key, nowUs);
}

/** Takes away the groups used longest ago while there are too many records. */
export function makeRoom(groups: Groups, plan: Plan, recordsMax: number, nowUs: number): void {
  while (groups.records.size >= recordsMax && groups.keys.oldest !== 0) {
    dropGroup(groups, plan, nowUs);
  }
}

/**
 * Opens the gates of networks that have had more than one source: a rule over a network says nothing
 * new of a single source, and most networks have no other.
 */
export function lookAtNetworks(
  { networks }: Groups,
  { gates }: Plan,
  source: Hash,
  max: number,
  nowUs: number,
): void {
  for (const gate of gates) {
    const network = gate.network();
    gate.open = network !== null && seeSource(networks, network, source.lo & ~1, max, nowUs);
  }
}

function seeSource(
  networks: KeyTable,
  network: Hash,
  source: number,
  max: number,
  nowUs: number,
): boolean {
  const found = findKey(networks, network);
  if (found === 0) {
    if (networks.size >= max) dropOldest(networks);
    setValue(networks, addKey(networks, network, nowUs), source);
    return false;
  }
  if (Math.abs(nowUs - touchedUs(networks, found)) >= TOUCH_US) touchKey(networks, found, nowUs);
  const known = valueOf(networks, found);
  if (known === SEVERAL) return true;
  if (known === source) return false;
  setValue(networks, found, SEVERAL);
  return true;
}

/** Puts a record in front of a group's list. */
export function addRecord({ keys, records }: Groups, group: number, word: number): number {
  const record = takeRecord(records);
  records.ints[(record << 3) + WORD] = word;
  records.ints[(record << 3) + NEXT] = valueOf(keys, group);
  setValue(keys, group, record);
  return record;
}

function dropGroup({ keys, records }: Groups, plan: Plan, nowUs: number): void {
  const idleUs = nowUs - touchedUs(keys, keys.oldest);
  const counted = new Set<number>();
  dropList(records, plan, valueOf(keys, keys.oldest), counted);
  dropOldest(keys);
  for (const index of counted) {
    const rule = plan.rules[index];
    if (rule !== undefined && idleUs < (rule.compiled.count?.keptUs ?? 0)) rule.state.evicted += 1;
  }
}

/** Gives a list of records back; the indexes of the rules that counted in it are put into `counted`. */
function dropList(records: Pool, plan: Plan, first: number, counted: Set<number>): void {
  const { ints } = records;
  for (let record = first; record !== 0;) {
    const start = record << 3;
    const word = ints[start + WORD] ?? 0;
    const next = ints[start + NEXT] ?? 0;
    if ((word & LONG_FLAG) !== 0) {
      dropList(records, plan, ints[start + OLDEST] ?? 0, counted);
      giveBack(records, ints[start + SIEVE] ?? 0);
      giveBack(records, ints[start + SIEVE + 1] ?? 0);
    } else if (word >> 1 !== MUTE_WORD) releaseRecord(records, plan, record, counted);
    giveBack(records, record);
    record = next;
  }
}

/** Takes what a record holds off the counts of its rules, whose indexes are put into `counted`. */
function releaseRecord(records: Pool, plan: Plan, record: number, counted: Set<number>): void {
  const { ints } = records;
  const word = ints[record << 3] ?? 0;
  const first = tagOf(word) * 32;
  if ((word & TAPE_FLAG) !== 0) {
    const size = emptyTape(records, record);
    release(plan.bitRules[first], size, counted);
    return;
  }
  for (let mask = ints[(record << 3) + MASK] ?? 0; mask !== 0; mask &= mask - 1) {
    release(plan.bitRules[first + 31 - Math.clz32(mask & -mask)], 1, counted);
  }
}

function release(rule: BitRule | undefined, members: number, counted: Set<number>): void {
  if (rule === undefined) return;
  rule.state.members -= members;
  counted.add(rule.index);
}
