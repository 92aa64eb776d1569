import type { Hash } from '../fields/hash.js';
import { createRecords, giveRecords, takeRecord } from './records.js';
import type { Records } from './records.js';

/**
 * A table from 64-bit keys to a number each, that knows which key was touched longest ago. Every
 * operation takes constant time.
 * A record holds: next of its bucket (0), value (1), key (2, 3), when it was touched (the double 2,
 * microseconds), older (6), newer (7).
 */
export interface KeyTable {
  readonly records: Records;
  /** Twice as many as keys at most, one list of records each. */
  readonly buckets: Int32Array;
  oldest: number;
  newest: number;
}

const NEXT = 0;
const VALUE = 1;
const LO = 2;
const HI = 3;
const TOUCHED = 2;
const OLDER = 6;
const NEWER = 7;

/** For at most so many keys at once; the caller keeps that bound with `dropOldest`. */
export const createKeyTable = (keysMax: number): KeyTable => ({
  records: createRecords(keysMax),
  buckets: new Int32Array(2 ** Math.ceil(Math.log2(Math.max(keysMax, 2)))),
  oldest: 0,
  newest: 0,
});

export const sizeOf = ({ records }: KeyTable): number => records.used;

/** The record of a key; 0 when there is none. Not a touch. */
export function findKey({ records: { ints }, buckets }: KeyTable, { lo, hi }: Hash): number {
  let record = buckets[lo & (buckets.length - 1)] ?? 0;
  while (record !== 0) {
    const at = record << 3;
    if (ints[at + LO] === lo && ints[at + HI] === hi) return record;
    record = ints[at + NEXT] ?? 0;
  }
  return 0;
}

/** Adds a key that is not there, as the newest. */
export function addKey(table: KeyTable, { lo, hi }: Hash, nowUs: number): number {
  const { records, buckets } = table;
  const record = takeRecord(records);
  const at = record << 3;
  const bucket = lo & (buckets.length - 1);
  records.ints[at + LO] = lo;
  records.ints[at + HI] = hi;
  records.ints[at + NEXT] = buckets[bucket] ?? 0;
  buckets[bucket] = record;
  records.doubles[(record << 2) + TOUCHED] = nowUs;
  append(table, record);
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
  const { ints } = records;
  unlink(table, oldest);
  const bucket = (ints[(oldest << 3) + LO] ?? 0) & (buckets.length - 1);
  const next = ints[(oldest << 3) + NEXT] ?? 0;
  let before = buckets[bucket] ?? 0;
  if (before === oldest) buckets[bucket] = next;
  else {
    while (ints[(before << 3) + NEXT] !== oldest) before = ints[(before << 3) + NEXT] ?? 0;
    ints[(before << 3) + NEXT] = next;
  }
  giveRecords(records, oldest, oldest, 1);
}

export const valueOf = ({ records }: KeyTable, record: number): number =>
  records.ints[(record << 3) + VALUE] ?? 0;

export function setValue({ records }: KeyTable, record: number, value: number): void {
  records.ints[(record << 3) + VALUE] = value;
}

export const touchedUs = ({ records }: KeyTable, record: number): number =>
  records.doubles[(record << 2) + TOUCHED] ?? 0;

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
