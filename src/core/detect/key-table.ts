import type { Hash } from './hash.js';
import { createSlab, getDouble, getInt, giveBack, setDouble, setInt, takeRecord } from './slab.js';
import type { Slab } from './slab.js';

/**
 * A table from 64-bit keys to a number each, that knows which key was touched longest ago. Every
 * operation takes constant time: the buckets are cut into shards, because growing one table of a
 * million keys stalls for tens of milliseconds.
 * A record holds: key (0, 1), next of its bucket (2), value (3), older (4), newer (5), and when it
 * was touched (the double 3, microseconds).
 */
export interface KeyTable {
  readonly records: Slab;
  readonly shards: (Int32Array | undefined)[];
  readonly sizes: Int32Array;
  oldest: number;
  newest: number;
  size: number;
}

const SHARD_BITS = 8;
const FIRST_BUCKETS = 8;
const NEXT = 2;
const VALUE = 3;
const OLDER = 4;
const NEWER = 5;
const TOUCHED = 3;

export const createKeyTable = (): KeyTable => ({
  records: createSlab(),
  shards: Array.from({ length: 1 << SHARD_BITS }, () => undefined),
  sizes: new Int32Array(1 << SHARD_BITS),
  oldest: 0,
  newest: 0,
  size: 0,
});

/** The record of a key; 0 when there is none. Not a touch. */
export function findKey({ records, shards }: KeyTable, { lo, hi }: Hash): number {
  const buckets = shards[hi >>> (32 - SHARD_BITS)];
  if (buckets === undefined) return 0;
  let record = buckets[lo & (buckets.length - 1)] ?? 0;
  while (record !== 0) {
    if (getInt(records, record, 0) === lo && getInt(records, record, 1) === hi) return record;
    record = getInt(records, record, NEXT);
  }
  return 0;
}

/** Adds a key that is not there, as the newest. The caller keeps the bound with `dropOldest`. */
export function addKey(table: KeyTable, { lo, hi }: Hash, nowUs: number): number {
  const { records, sizes } = table;
  const shard = hi >>> (32 - SHARD_BITS);
  const buckets = bucketsWithRoom(table, shard);
  const record = takeRecord(records);
  setInt(records, record, 0, lo);
  setInt(records, record, 1, hi);
  const bucket = lo & (buckets.length - 1);
  setInt(records, record, NEXT, buckets[bucket] ?? 0);
  buckets[bucket] = record;
  setDouble(records, record, TOUCHED, nowUs);
  append(table, record);
  sizes[shard] = (sizes[shard] ?? 0) + 1;
  table.size += 1;
  return record;
}

/** Makes a record the newest one. */
export function touchKey(table: KeyTable, record: number, nowUs: number): void {
  setDouble(table.records, record, TOUCHED, nowUs);
  if (table.newest === record) return;
  unlink(table, record);
  append(table, record);
}

/** Takes away the record that was touched longest ago. Its value is the caller's to free before. */
export function dropOldest(table: KeyTable): void {
  const { records, shards, sizes, oldest } = table;
  if (oldest === 0) return;
  unlink(table, oldest);
  const lo = getInt(records, oldest, 0);
  const shard = getInt(records, oldest, 1) >>> (32 - SHARD_BITS);
  const buckets = shards[shard];
  if (buckets !== undefined) removeFromBucket(records, buckets, lo & (buckets.length - 1), oldest);
  sizes[shard] = (sizes[shard] ?? 0) - 1;
  table.size -= 1;
  giveBack(records, oldest);
}

export const valueOf = ({ records }: KeyTable, record: number): number =>
  getInt(records, record, VALUE);

export function setValue({ records }: KeyTable, record: number, value: number): void {
  setInt(records, record, VALUE, value);
}

export const touchedUs = ({ records }: KeyTable, record: number): number =>
  getDouble(records, record, TOUCHED);

function bucketsWithRoom({ records, shards, sizes }: KeyTable, shard: number): Int32Array {
  const buckets = (shards[shard] ??= new Int32Array(FIRST_BUCKETS));
  if ((sizes[shard] ?? 0) < buckets.length) return buckets;
  const wider = new Int32Array(buckets.length * 2);
  for (const first of buckets) {
    let record = first;
    while (record !== 0) {
      const next = getInt(records, record, NEXT);
      const bucket = getInt(records, record, 0) & (wider.length - 1);
      setInt(records, record, NEXT, wider[bucket] ?? 0);
      wider[bucket] = record;
      record = next;
    }
  }
  shards[shard] = wider;
  return wider;
}

function removeFromBucket(
  records: Slab,
  buckets: Int32Array,
  bucket: number,
  record: number,
): void {
  const next = getInt(records, record, NEXT);
  let before = buckets[bucket] ?? 0;
  if (before === record) {
    buckets[bucket] = next;
    return;
  }
  while (getInt(records, before, NEXT) !== record) before = getInt(records, before, NEXT);
  setInt(records, before, NEXT, next);
}

function append(table: KeyTable, record: number): void {
  const { records, newest } = table;
  setInt(records, record, OLDER, newest);
  setInt(records, record, NEWER, 0);
  if (newest === 0) table.oldest = record;
  else setInt(records, newest, NEWER, record);
  table.newest = record;
}

function unlink(table: KeyTable, record: number): void {
  const { records } = table;
  const older = getInt(records, record, OLDER);
  const newer = getInt(records, record, NEWER);
  if (older === 0) table.oldest = newer;
  else setInt(records, older, NEWER, newer);
  if (newer === 0) table.newest = older;
  else setInt(records, newer, OLDER, older);
}
