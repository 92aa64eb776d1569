import type { Hash } from '../fields/hash.js';
import {
  addKey,
  createKeyTable,
  dropOldest,
  findKey,
  setValue,
  sizeOf,
  touchedUs,
  touchKey,
  valueOf,
} from './key-table.js';
import type { KeyTable } from './key-table.js';
import type { KeySpec } from '../fields/key-spec.js';
import { createRecords, giveRecords } from './records.js';
import type { Records } from './records.js';
import { createTally, emptyTally, NEXT, whoseTally } from './things.js';

/**
 * What is remembered of events. A *group* is one combination of the values of some fields; a rule
 * that counts by these fields has a *tally* of its own in it. Where a bound is reached the group
 * seen longest ago is forgotten, with all that is in it.
 */
export interface Groups {
  /** By the hash of the group's fields; the value is its first tally. */
  readonly keys: KeyTable;
  readonly groupsMax: number;
  /** Tallies and what they hold. */
  readonly records: Records;
  /** Networks by their hash: the only source seen in them, or SEVERAL. */
  readonly networks: KeyTable;
  readonly networksMax: number;
}

/** Told of each tally that goes with its group, and how long the group was not seen. */
export type OnForget = (tally: number, idleUs: number) => void;

/** By what groups are told apart, and which one is that of the event looked at. */
export interface GroupSpec {
  readonly key: KeySpec;
  /** Of the event for which `group` was found; 0: there is none. */
  stamp: number;
  group: number;
}

/** Odd, as no kept source is. */
const SEVERAL = 1;

export const createGroups = (
  groupsMax: number,
  recordsMax: number,
  networksMax: number,
): Groups => ({
  keys: createKeyTable(groupsMax),
  groupsMax,
  records: createRecords(recordsMax),
  networks: createKeyTable(networksMax),
  networksMax,
});

/** The event's group of a spec, 0 for none; looked for once an event, and seen now. */
export function findGroup({ keys }: Groups, spec: GroupSpec, stamp: number, nowUs: number): number {
  if (spec.stamp === stamp) return spec.group;
  const key = spec.key.read();
  spec.stamp = stamp;
  spec.group = key === null ? 0 : findKey(keys, key);
  if (spec.group !== 0) touchKey(keys, spec.group, nowUs);
  return spec.group;
}

/** The same, made if need be; 0 when a field of it is missing. */
export function openGroup(
  groups: Groups,
  spec: GroupSpec,
  stamp: number,
  nowUs: number,
  onForget: OnForget,
): number {
  const known = findGroup(groups, spec, stamp, nowUs);
  const key = known === 0 ? spec.key.read() : null;
  if (key === null) return known;
  if (sizeOf(groups.keys) >= groups.groupsMax) forgetOldest(groups, nowUs, onForget);
  spec.group = addKey(groups.keys, key, nowUs);
  return spec.group;
}

/** A rule's tally in a group; 0: it has none. */
export function findTally({ keys, records }: Groups, group: number, whose: number): number {
  let tally = group === 0 ? 0 : valueOf(keys, group);
  while (tally !== 0 && whoseTally(records, tally) !== whose) {
    tally = records.ints[(tally << 3) + NEXT] ?? 0;
  }
  return tally;
}

/** The same, made if need be. */
export function openTally(groups: Groups, group: number, whose: number): number {
  const known = findTally(groups, group, whose);
  if (known !== 0) return known;
  const { keys, records } = groups;
  const tally = createTally(records, whose, valueOf(keys, group));
  setValue(keys, group, tally);
  return tally;
}

/**
 * Makes room for what one event may need, and takes away in passing two groups of which nothing
 * counts any more, after `keptUs`.
 */
export function makeRoom(
  groups: Groups,
  needed: number,
  keptUs: number,
  nowUs: number,
  onForget: OnForget,
): void {
  const { keys, records } = groups;
  for (let step = 0; step < 2 && keys.oldest !== 0; step += 1) {
    if (nowUs - touchedUs(keys, keys.oldest) <= keptUs) break;
    forgetOldest(groups, nowUs, onForget);
  }
  while (records.used + needed > records.max && keys.oldest !== 0) {
    forgetOldest(groups, nowUs, onForget);
  }
}

function forgetOldest(groups: Groups, nowUs: number, onForget: OnForget): void {
  const { keys, records } = groups;
  const idleUs = nowUs - touchedUs(keys, keys.oldest);
  let tally = valueOf(keys, keys.oldest);
  while (tally !== 0) {
    const next = records.ints[(tally << 3) + NEXT] ?? 0;
    onForget(tally, idleUs);
    emptyTally(records, tally);
    giveRecords(records, tally, tally, 1);
    tally = next;
  }
  dropOldest(keys);
}

/**
 * True when the network has shown a second source: a rule over a network says nothing new of a
 * single one, and most networks have no other.
 */
export function seeNetwork(
  { networks, networksMax }: Groups,
  network: Hash,
  source: Hash,
  nowUs: number,
): boolean {
  const found = findKey(networks, network);
  const it = source.lo & ~SEVERAL;
  if (found === 0) {
    if (sizeOf(networks) >= networksMax) dropOldest(networks);
    setValue(networks, addKey(networks, network, nowUs), it);
    return false;
  }
  touchKey(networks, found, nowUs);
  if (valueOf(networks, found) === it) return false;
  setValue(networks, found, SEVERAL);
  return true;
}
