import type { Hash } from './hash.js';
import { getInt } from './slab.js';
import type { Slab } from './slab.js';

/**
 * Finds a counted value among all that long tallies hold, without going through the tally: a
 * tally of a hundred values costs a hundred cache misses to walk. A value's hash says which tally
 * it belongs to (tally.ts mixes it in), so that one table serves all. Cut into shards, because
 * growing one table of millions stalls.
 */
export interface MemberIndex {
  readonly shards: (Int32Array | undefined)[];
  readonly sizes: Int32Array;
  /** By member, in chunks: the next member of its bucket plus 1; 0 for a member not in here. */
  readonly links: Int32Array[];
}

const SHARD_BITS = 8;
const FIRST_BUCKETS = 8;
const CHUNK_BITS = 13;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

export const createMemberIndex = (): MemberIndex => ({
  shards: Array.from({ length: 1 << SHARD_BITS }, () => undefined),
  sizes: new Int32Array(1 << SHARD_BITS),
  links: [],
});

/** The member with that hash; 0 when there is none. */
export function findIndexed(index: MemberIndex, members: Slab, { lo, hi }: Hash): number {
  const buckets = index.shards[hi >>> (32 - SHARD_BITS)];
  if (buckets === undefined) return 0;
  let member = buckets[lo & (buckets.length - 1)] ?? 0;
  while (member !== 0) {
    if (getInt(members, member, 0) === lo && getInt(members, member, 1) === hi) return member;
    member = getLink(index, member) - 1;
  }
  return 0;
}

export function addIndexed(index: MemberIndex, members: Slab, member: number): void {
  const shard = getInt(members, member, 1) >>> (32 - SHARD_BITS);
  const buckets = bucketsWithRoom(index, members, shard);
  const bucket = getInt(members, member, 0) & (buckets.length - 1);
  setLink(index, member, (buckets[bucket] ?? 0) + 1);
  buckets[bucket] = member;
  index.sizes[shard] = (index.sizes[shard] ?? 0) + 1;
}

/** Does nothing for a member that is not in here. */
export function dropIndexed(index: MemberIndex, members: Slab, member: number): void {
  const link = getLink(index, member);
  if (link === 0) return;
  setLink(index, member, 0);
  const shard = getInt(members, member, 1) >>> (32 - SHARD_BITS);
  const buckets = index.shards[shard];
  if (buckets === undefined) return;
  index.sizes[shard] = (index.sizes[shard] ?? 0) - 1;
  const bucket = getInt(members, member, 0) & (buckets.length - 1);
  let before = buckets[bucket] ?? 0;
  if (before === member) {
    buckets[bucket] = link - 1;
    return;
  }
  while (before !== 0) {
    const next = getLink(index, before) - 1;
    if (next === member) {
      setLink(index, before, link);
      return;
    }
    before = next;
  }
}

function bucketsWithRoom(index: MemberIndex, members: Slab, shard: number): Int32Array {
  const buckets = (index.shards[shard] ??= new Int32Array(FIRST_BUCKETS));
  if ((index.sizes[shard] ?? 0) < buckets.length) return buckets;
  const wider = new Int32Array(buckets.length * 2);
  for (const first of buckets) {
    let member = first;
    while (member !== 0) {
      const next = getLink(index, member) - 1;
      const bucket = getInt(members, member, 0) & (wider.length - 1);
      setLink(index, member, (wider[bucket] ?? 0) + 1);
      wider[bucket] = member;
      member = next;
    }
  }
  index.shards[shard] = wider;
  return wider;
}

const getLink = ({ links }: MemberIndex, member: number): number =>
  links[member >>> CHUNK_BITS]?.[member & CHUNK_MASK] ?? 0;

function setLink({ links }: MemberIndex, member: number, link: number): void {
  while (links.length <= member >>> CHUNK_BITS) links.push(new Int32Array(CHUNK_MASK + 1));
  const chunk = links[member >>> CHUNK_BITS];
  if (chunk !== undefined) chunk[member & CHUNK_MASK] = link;
}
