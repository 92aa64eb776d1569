import type { Hash } from './hash.js';
import { createPool, giveBack, takeRecord } from './pool.js';
import type { Pool } from './pool.js';

/**
 * A table from 64-bit keys to a number each, that knows which key was touched longest ago. Every
 * operation takes constant time: with each new key a bucket or two are split (linear hashing), for to
 * grow a table of a million keys at once stalls for tens of milliseconds; and few keys have few
 * buckets, which stay in the processor's cache.
 * A record holds: key (0, 1), next of its bucket (2), value (3), older (4), newer (5), and when it
 * was touched (the double 3, microseconds).
 */
export interface KeyTable {
  readonly records: Pool;
  buckets: Int32Array;
  /** Buckets in use; those behind them are still part of the bucket half as far. */
  bucketsUsed: number;
  readonly bucketsMax: number;
  oldest: number;
  newest: number;
  size: number;
}

const FIRST_BUCKETS = 1_024;
/** There are as many buckets for each key, as long as there may be more. */
const BUCKETS_A_KEY = 2;
const NEXT = 2;
const VALUE = 3;
const OLDER = 4;
const NEWER = 5;
const TOUCHED = 3;

/** For at most so many keys at once; the caller keeps that bound. */
export function createKeyTable(keysMax: number): KeyTable {
  const bucketsMax = 2 ** Math.ceil(Math.log2(Math.max(keysMax, 2)));
  const buckets = new Int32Array(Math.min(FIRST_BUCKETS, bucketsMax));
  const records = createPool(keysMax);
  return { records, buckets, bucketsUsed: 2, bucketsMax, oldest: 0, newest: 0, size: 0 };
}

/** The number of a hash's bucket among so many in use, at least two. */
function bucketOf(lo: number, used: number): number {
  const mask = -1 >>> Math.clz32(used - 1);
  const bucket = lo & mask;
  return bucket < used ? bucket : bucket & (mask >>> 1);
}

/** The record of a key; 0 when there is none. Not a touch. */
export function findKey(table: KeyTable, { lo, hi }: Hash): number {
  const { ints } = table.records;
  let record = table.buckets[bucketOf(lo, table.bucketsUsed)] ?? 0;
  while (record !== 0) {
    const at = record << 3;
    if (ints[at] === lo && ints[at + 1] === hi) return record;
    record = ints[at + NEXT] ?? 0;
  }
  return 0;
}

/** Adds a key that is not there, as the newest. The caller keeps the bound with `dropOldest`. */
export function addKey(table: KeyTable, { lo, hi }: Hash, nowUs: number): number {
  const { records } = table;
  const wanted = Math.min((table.size + 1) * BUCKETS_A_KEY, table.bucketsMax);
  while (table.bucketsUsed < wanted) splitBucket(table);
  const { buckets } = table;
  const record = takeRecord(records);
  const at = record << 3;
  const bucket = bucketOf(lo, table.bucketsUsed);
  records.ints[at] = lo;
  records.ints[at + 1] = hi;
  records.ints[at + NEXT] = buckets[bucket] ?? 0;
  buckets[bucket] = record;
  records.doubles[(record << 2) + TOUCHED] = nowUs;
  append(table, record);
  table.size += 1;
  return record;
}

/** Makes a record the newest one. */
export function touchKey(table: KeyTable, record: number, nowUs: number): void {
  table.records.doubles[(record << 2) + TOUCHED] = nowUs;
  if (table.newest === record) return;
  unlink(table, record);
  append(table, record);
}

/** Takes away the record that was touched longest ago. Its value is the caller's to free before. */
export function dropOldest(table: KeyTable): void {
  const { records, buckets, oldest } = table;
  if (oldest === 0) return;
  unlink(table, oldest);
  const bucket = bucketOf(records.ints[oldest << 3] ?? 0, table.bucketsUsed);
  removeFromBucket(records, buckets, bucket, oldest);
  table.size -= 1;
  giveBack(records, oldest);
}

export const valueOf = ({ records }: KeyTable, record: number): number =>
  records.ints[(record << 3) + VALUE] ?? 0;

export function setValue({ records }: KeyTable, record: number, value: number): void {
  records.ints[(record << 3) + VALUE] = value;
}

export const touchedUs = ({ records }: KeyTable, record: number): number =>
  records.doubles[(record << 2) + TOUCHED] ?? 0;

/** Takes the next bucket in use, with the keys that are its own of the bucket half as far. */
function splitBucket(table: KeyTable): void {
  const added = table.bucketsUsed;
  if (added === table.buckets.length) widen(table);
  table.bucketsUsed = added + 1;
  const { buckets } = table;
  const { ints } = table.records;
  const from = added & ((-1 >>> Math.clz32(added)) >>> 1);
  let record = buckets[from] ?? 0;
  let kept = 0;
  let moved = 0;
  while (record !== 0) {
    const at = record << 3;
    const next = ints[at + NEXT] ?? 0;
    const isMoved = bucketOf(ints[at] ?? 0, added + 1) === added;
    ints[at + NEXT] = isMoved ? moved : kept;
    if (isMoved) moved = record;
    else kept = record;
    record = next;
  }
  buckets[from] = kept;
  buckets[added] = moved;
}

/** All the room that may be needed: the system gives memory as it is written to. */
function widen(table: KeyTable): void {
  const wider = new Int32Array(table.bucketsMax);
  wider.set(table.buckets);
  table.buckets = wider;
}

function removeFromBucket(
  { ints }: Pool,
  buckets: Int32Array,
  bucket: number,
  record: number,
): void {
  const next = ints[(record << 3) + NEXT] ?? 0;
  let before = buckets[bucket] ?? 0;
  if (before === record) {
    buckets[bucket] = next;
    return;
  }
  while (ints[(before << 3) + NEXT] !== record) before = ints[(before << 3) + NEXT] ?? 0;
  ints[(before << 3) + NEXT] = next;
}

function append(table: KeyTable, record: number): void {
  const { newest, records } = table;
  const { ints } = records;
  ints[(record << 3) + OLDER] = newest;
  ints[(record << 3) + NEWER] = 0;
  if (newest === 0) table.oldest = record;
  else ints[(newest << 3) + NEWER] = record;
  table.newest = record;
}

function unlink(table: KeyTable, record: number): void {
  const { ints } = table.records;
  const older = ints[(record << 3) + OLDER] ?? 0;
  const newer = ints[(record << 3) + NEWER] ?? 0;
  if (older === 0) table.oldest = newer;
  else ints[(older << 3) + NEWER] = newer;
  if (newer === 0) table.newest = older;
  else ints[(newer << 3) + OLDER] = older;
}
