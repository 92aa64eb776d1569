import { createArena } from './arena.js';
import type { Arena } from './arena.js';
import { createFirsts } from './first-table.js';
import type { Firsts } from './first-table.js';
import { dropBlock } from './group-block.js';
import type { Shelf } from './group-block.js';
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
import { eachHeld, MASK } from './ledger-list.js';
import type { BitRule, Gate, Plan, PlanSpec } from './plan.js';
import type { DetectLimits } from './state.js';
import { tagOf } from './tags.js';
import { tapeSize } from './tape.js';

/**
 * What all rules remember of all groups. A group is one combination of the values of some fields;
 * what all rules that count by these fields remember of it is one block. The groups seen longest
 * ago go first when a bound is reached.
 */
export interface Groups extends Shelf {
  /** Networks by their hash: the only source seen in them, or SEVERAL. */
  readonly networks: KeyTable;
  /** What has no group yet. */
  readonly firsts: Firsts;
  /** Of more cells the order of use is kept exactly. */
  readonly tightCells: number;
}

/** Odd, as no kept source is. */
const SEVERAL = 1;
/** Order of use is kept to a minute: putting a group first each time costs more than it tells. */
const TOUCH_US = 60e6;
/** While so few groups may still come, or when so much of the room is taken, it is kept exactly. */
const TIGHT_GROUPS = 1_024;
const TIGHT_PART = 7 / 8;

export const createGroups = (limits: DetectLimits): Groups => ({
  keys: createKeyTable(limits.groupsMax),
  arena: createArena(limits.cellsMax),
  networks: createKeyTable(limits.networksMax),
  firsts: createFirsts(limits.firstsMax),
  tightCells: limits.cellsMax * TIGHT_PART,
});

/** The group of the event looked at; 0 when there is none yet. It is now the one used last. */
export function findGroup(
  { keys, arena, tightCells }: Groups,
  { key }: PlanSpec,
  max: number,
  nowUs: number,
): number {
  const hash = key.read();
  if (hash === null) return 0;
  const found = findKey(keys, hash);
  if (found === 0) return 0;
  const isTight = keys.size + TIGHT_GROUPS > max || arena.used > tightCells;
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
    const endUs = touchedUs(keys, keys.oldest) + TOUCH_US + plan.keptUs;
    if (keys.size < max && endUs > nowUs) break;
    dropGroup(groups, plan, nowUs);
  }
  return addKey(keys, key, nowUs);
}

/** Takes away the groups used longest ago while they take too much room. */
export function makeRoom(groups: Groups, plan: Plan, cellsMax: number, nowUs: number): void {
  while (groups.arena.used >= cellsMax && groups.keys.oldest !== 0) dropGroup(groups, plan, nowUs);
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
  let before: Gate | null = null;
  for (const gate of gates) {
    const network = gate.network();
    const same = before?.network() ?? null;
    // Of an IPv4 address all networks are the same.
    if (before !== null && network !== null && network.lo === same?.lo && network.hi === same.hi) {
      gate.open = before.open;
    } else {
      gate.open = network !== null && seeSource(networks, network, source.lo & ~1, max, nowUs);
    }
    before = gate;
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

function dropGroup(groups: Groups, plan: Plan, nowUs: number): void {
  const { keys } = groups;
  const { oldest } = keys;
  const idleUs = nowUs - touchedUs(keys, oldest);
  const counted = new Set<number>();
  dropBlock(groups, oldest, (word, entry, list) => {
    releaseEntry(groups.arena, plan, word, entry, list, counted);
  });
  dropOldest(keys);
  for (const index of counted) {
    const rule = plan.rules[index];
    if (rule !== undefined && idleUs < (rule.compiled.count?.keptUs ?? 0)) rule.state.evicted += 1;
  }
}

/** Takes what an entry holds off the counts of its rules, whose indexes are put into `counted`. */
function releaseEntry(
  arena: Arena,
  plan: Plan,
  word: number,
  entry: number,
  list: number,
  counted: Set<number>,
): void {
  const tag = tagOf(word);
  if (plan.shapes[tag] === 'ledger') {
    eachHeld(arena, entry, list, (at) => {
      for (let mask = arena.ints[at + MASK] ?? 0; mask !== 0; mask &= mask - 1) {
        release(plan.bitRules[tag * 32 + 31 - Math.clz32(mask & -mask)], 1, counted);
      }
    });
  } else if (plan.shapes[tag] === 'tape') {
    release(plan.bitRules[tag * 32], tapeSize(arena, entry), counted);
  } else if (plan.shapes[tag] === 'bucket') release(plan.bitRules[tag * 32], 0, counted);
}

function release(rule: BitRule | undefined, members: number, counted: Set<number>): void {
  if (rule === undefined) return;
  rule.state.members -= members;
  counted.add(rule.index);
}
