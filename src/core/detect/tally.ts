import { LIMITS } from '../model/limits.js';
import type { Hash } from './hash.js';
import { addIndexed, dropIndexed, findIndexed } from './member-index.js';
import type { MemberIndex } from './member-index.js';
import { getDouble, getInt, giveBack, setDouble, setInt, takeRecord } from './slab.js';
import type { Slab } from './slab.js';

/**
 * What one rule counted in one group, over all events or over proven ones alone. A tally's record
 * holds: rule slot and kind (0), the group's next tally (1), the newest member (2), how many
 * members (3), until when the group is mute (double 2), and a mark (double 3): of a leaky bucket
 * when it will be empty, of a rule with `apart` when it last matched.
 * A member's record holds: its hash mixed with the tally's number (0, 1), older (2) and newer (3) in a ring, when it was seen
 * (double 2), and on which event (double 3; below 0: it came again, see `settleUs`).
 */
export interface Tallies {
  readonly tallies: Slab;
  readonly members: Slab;
  /** The members of tallies that can grow long. */
  readonly index: MemberIndex;
}

/** How a rule counts; times in microseconds, 0 where the rule does not say. */
export interface TallySpec {
  readonly over: number;
  readonly withinUs: number;
  readonly leakUs: number;
  readonly apartUs: number;
  readonly settleUs: number;
}

export interface Seen {
  readonly nowUs: number;
  readonly eventId: number;
}

const NEWEST = 2;
const SIZE = 3;
const MUTED = 2;
const MARK = 3;
const OLDER = 2;
const NEWER = 3;
const AT = 2;
const EVENT = 3;

export const sizeOf = ({ tallies }: Tallies, tally: number): number => getInt(tallies, tally, SIZE);
export const mutedUntilUs = ({ tallies }: Tallies, tally: number): number =>
  getDouble(tallies, tally, MUTED);
export function muteUntil({ tallies }: Tallies, tally: number, untilUs: number): void {
  setDouble(tallies, tally, MUTED, untilUs);
}

/** Up to here walking through the ring is cheaper than the index. */
const WALKED_MAX = 8;

const isIndexed = ({ over, settleUs }: TallySpec): boolean => over > WALKED_MAX || settleUs > 0;

/** One for the whole program: it is used up before anything else can run. */
const own: Hash = { lo: 0, hi: 0 };

/** The hash of a value as a member of this tally. */
function ofTally(tally: number, { lo, hi }: Hash): Hash {
  own.lo = lo ^ Math.imul(tally, 0x9e3779b1);
  own.hi = hi ^ Math.imul(tally, 0x85ebca6b);
  return own;
}

/**
 * Counts one thing and says whether there are more than allowed. `member` null: the event itself is
 * counted. Exact: as many members are kept as it takes to tell (`over` + 1).
 */
export function tallyMember(
  at: Tallies,
  tally: number,
  spec: TallySpec,
  value: Hash | null,
  seen: Seen,
): boolean {
  if (spec.apartUs > 0 && !isApart(at, tally, spec, seen.nowUs)) return false;
  if (value === null) {
    if (spec.leakUs > 0) return fillBucket(at, tally, spec, seen.nowUs) > spec.over;
    addMember(at, tally, NO_VALUE, false, seen);
    return dropOutdated(at, tally, spec, spec.over + 1, seen.nowUs) > spec.over;
  }
  const member = ofTally(tally, value);
  const known = isIndexed(spec)
    ? findIndexed(at.index, at.members, member)
    : findMember(at, tally, member);
  if (spec.leakUs > 0) return leakMembers(at, tally, spec, known, member, seen);
  if (known !== 0) unlinkMember(at, tally, known);
  if (spec.settleUs > 0) return settleMembers(at, tally, spec, known, member, seen);
  if (known === 0) addMember(at, tally, member, isIndexed(spec), seen);
  else linkMember(at, tally, known, seen.nowUs, seen.eventId);
  return dropOutdated(at, tally, spec, spec.over + 1, seen.nowUs) > spec.over;
}

/** True when the last match lies far enough back; remembers this one. */
function isApart({ tallies }: Tallies, tally: number, spec: TallySpec, nowUs: number): boolean {
  const lastUs = getDouble(tallies, tally, MARK);
  setDouble(tallies, tally, MARK, nowUs);
  return lastUs === 0 || nowUs - lastUs >= spec.apartUs;
}

/** The level of a leaky bucket after one more, as the time at which it will be empty (GCRA). */
function fillBucket({ tallies }: Tallies, tally: number, spec: TallySpec, nowUs: number): number {
  const { over, leakUs } = spec;
  const emptyUs = Math.max(getDouble(tallies, tally, MARK), nowUs) + leakUs;
  // A bucket that runs over holds no more: else a flood would be remembered for ever.
  const kept = Math.min(emptyUs, nowUs + (over + 1) * leakUs);
  setDouble(tallies, tally, MARK, kept);
  return (kept - nowUs) / leakUs;
}

function leakMembers(
  at: Tallies,
  tally: number,
  spec: TallySpec,
  known: number,
  member: Hash,
  seen: Seen,
): boolean {
  const leftUs = getDouble(at.tallies, tally, MARK) - seen.nowUs;
  // What has leaked out is no longer known, so it counts when it comes again.
  const stillThere = Math.max(0, Math.ceil(leftUs / spec.leakUs));
  while (sizeOf(at, tally) > stillThere) dropOldestMember(at, tally);
  if (known !== 0 && isIn(at, tally, member, spec)) return leftUs / spec.leakUs > spec.over;
  addMember(at, tally, member, isIndexed(spec), seen);
  const level = fillBucket(at, tally, spec, seen.nowUs);
  while (sizeOf(at, tally) > spec.over + 1) dropOldestMember(at, tally);
  return level > spec.over;
}

/** Counts members seen once, `settleUs` or longer ago; one that comes again counts no more. */
function settleMembers(
  at: Tallies,
  tally: number,
  spec: TallySpec,
  known: number,
  member: Hash,
  seen: Seen,
): boolean {
  // Event numbers begin at 1, so below 0 is free to mean "came again".
  if (known !== 0) linkMember(at, tally, known, seen.nowUs, -seen.eventId);
  else addMember(at, tally, member, true, seen);
  dropOutdated(at, tally, spec, spec.over + LIMITS.ruleUnsettledMax, seen.nowUs);
  let settled = 0;
  const { members } = at;
  // From the oldest on: the first that has not settled ends it.
  let each = getInt(members, getInt(at.tallies, tally, NEWEST), NEWER);
  for (let left = sizeOf(at, tally); left > 0 && settled <= spec.over; left -= 1) {
    if (getDouble(members, each, AT) > seen.nowUs - spec.settleUs) break;
    if (getDouble(members, each, EVENT) >= 0) settled += 1;
    each = getInt(members, each, NEWER);
  }
  return settled > spec.over;
}

/** Takes a member out of the count; by how many the tally shrank. */
export function forgetMember(at: Tallies, tally: number, spec: TallySpec, value: Hash): number {
  const member = ofTally(tally, value);
  const known = isIndexed(spec)
    ? findIndexed(at.index, at.members, member)
    : findMember(at, tally, member);
  if (known === 0) return 0;
  unlinkMember(at, tally, known);
  dropIndexed(at.index, at.members, known);
  giveBack(at.members, known);
  return 1;
}

/** Gives all members back; how many there were. */
export function emptyTally(at: Tallies, tally: number): number {
  const size = sizeOf(at, tally);
  while (sizeOf(at, tally) > 0) dropOldestMember(at, tally);
  return size;
}

/** Ids of the last events behind a tally, oldest first. */
export function lastEventIds(at: Tallies, tally: number, idsMax: number): readonly number[] {
  const ids: number[] = [];
  let each = getInt(at.tallies, tally, NEWEST);
  for (let left = Math.min(idsMax, sizeOf(at, tally)); left > 0; left -= 1) {
    ids.push(Math.abs(getDouble(at.members, each, EVENT)));
    each = getInt(at.members, each, OLDER);
  }
  return ids.reverse();
}

/** Microseconds from the first to the last thing in a tally. */
export function spanUs(at: Tallies, tally: number): number {
  const newest = getInt(at.tallies, tally, NEWEST);
  if (newest === 0) return 0;
  const oldest = getInt(at.members, newest, NEWER);
  return Math.max(0, getDouble(at.members, newest, AT) - getDouble(at.members, oldest, AT));
}

/** Up to `over` things never exceed, however old they are: looking at them can wait. */
function dropOutdated(
  at: Tallies,
  tally: number,
  { over, withinUs }: TallySpec,
  sizeMax: number,
  nowUs: number,
): number {
  const { tallies, members } = at;
  while (sizeOf(at, tally) > over) {
    const oldest = getInt(members, getInt(tallies, tally, NEWEST), NEWER);
    const inWindow = getDouble(members, oldest, AT) > nowUs - withinUs;
    if (inWindow && sizeOf(at, tally) <= sizeMax) break;
    dropOldestMember(at, tally);
  }
  return sizeOf(at, tally);
}

function findMember({ tallies, members }: Tallies, tally: number, { lo, hi }: Hash): number {
  let each = getInt(tallies, tally, NEWEST);
  for (let left = getInt(tallies, tally, SIZE); left > 0; left -= 1) {
    if (getInt(members, each, 0) === lo && getInt(members, each, 1) === hi) return each;
    each = getInt(members, each, OLDER);
  }
  return 0;
}

/** Events are told apart by their numbers, and never looked for. */
const NO_VALUE: Hash = { lo: 0, hi: 0 };

function isIn(at: Tallies, tally: number, member: Hash, spec: TallySpec): boolean {
  if (isIndexed(spec)) return findIndexed(at.index, at.members, member) !== 0;
  return findMember(at, tally, member) !== 0;
}

function addMember(
  at: Tallies,
  tally: number,
  { lo, hi }: Hash,
  indexed: boolean,
  seen: Seen,
): void {
  const member = takeRecord(at.members);
  setInt(at.members, member, 0, lo);
  setInt(at.members, member, 1, hi);
  if (indexed) addIndexed(at.index, at.members, member);
  linkMember(at, tally, member, seen.nowUs, seen.eventId);
}

/** Puts a member that is in no ring in as the newest. */
function linkMember(
  { tallies, members }: Tallies,
  tally: number,
  member: number,
  atUs: number,
  eventId: number,
): void {
  setDouble(members, member, AT, atUs);
  setDouble(members, member, EVENT, eventId);
  const newest = getInt(tallies, tally, NEWEST);
  const oldest = newest === 0 ? member : getInt(members, newest, NEWER);
  setInt(members, member, OLDER, newest === 0 ? member : newest);
  setInt(members, member, NEWER, oldest);
  setInt(members, oldest, OLDER, member);
  if (newest !== 0) setInt(members, newest, NEWER, member);
  setInt(tallies, tally, NEWEST, member);
  setInt(tallies, tally, SIZE, getInt(tallies, tally, SIZE) + 1);
}

function unlinkMember({ tallies, members }: Tallies, tally: number, member: number): void {
  const older = getInt(members, member, OLDER);
  const newer = getInt(members, member, NEWER);
  setInt(members, older, NEWER, newer);
  setInt(members, newer, OLDER, older);
  if (getInt(tallies, tally, NEWEST) === member) {
    setInt(tallies, tally, NEWEST, older === member ? 0 : older);
  }
  setInt(tallies, tally, SIZE, getInt(tallies, tally, SIZE) - 1);
}

function dropOldestMember(at: Tallies, tally: number): void {
  const oldest = getInt(at.members, getInt(at.tallies, tally, NEWEST), NEWER);
  unlinkMember(at, tally, oldest);
  dropIndexed(at.index, at.members, oldest);
  giveBack(at.members, oldest);
}
