/**
 * A pool of small records of numbers: eight 32-bit integers each, of which a pair that begins at an
 * even place also serves as one double. It grows by chunks, so that no growth ever copies what is
 * there (a copy of a million records stalls), and a record costs 32 bytes and no object.
 * Index 0 is no record: it stands for "none" in every link.
 */
export interface Slab {
  readonly ints: Int32Array[];
  /** The same memory as doubles; a record has four. */
  readonly doubles: Float64Array[];
  /** The first record of the list of given-back ones, linked by their first integer. */
  free: number;
  /** The next index that was never used. */
  next: number;
  /** Records in use. */
  size: number;
}

const CHUNK_BITS = 13;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;
const RECORD_BYTES = 32;

export const createSlab = (): Slab => ({ ints: [], doubles: [], free: 0, next: 1, size: 0 });

/** A record with all numbers 0. */
export function takeRecord(slab: Slab): number {
  slab.size += 1;
  const recycled = slab.free;
  if (recycled !== 0) {
    slab.free = getInt(slab, recycled, 0);
    const start = (recycled & CHUNK_MASK) << 3;
    slab.ints[recycled >>> CHUNK_BITS]?.fill(0, start, start + 8);
    return recycled;
  }
  const index = slab.next++;
  if (index >>> CHUNK_BITS >= slab.ints.length) {
    const memory = new ArrayBuffer(RECORD_BYTES << CHUNK_BITS);
    slab.ints.push(new Int32Array(memory));
    slab.doubles.push(new Float64Array(memory));
  }
  return index;
}

export function giveBack(slab: Slab, index: number): void {
  setInt(slab, index, 0, slab.free);
  slab.free = index;
  slab.size -= 1;
}

/** `place` 0–7. */
export const getInt = (slab: Slab, index: number, place: number): number =>
  slab.ints[index >>> CHUNK_BITS]?.[((index & CHUNK_MASK) << 3) + place] ?? 0;

export function setInt(slab: Slab, index: number, place: number, value: number): void {
  const chunk = slab.ints[index >>> CHUNK_BITS];
  if (chunk !== undefined) chunk[((index & CHUNK_MASK) << 3) + place] = value;
}

/** `place` 0–3; it covers the integers 2 × place and 2 × place + 1. */
export const getDouble = (slab: Slab, index: number, place: number): number =>
  slab.doubles[index >>> CHUNK_BITS]?.[((index & CHUNK_MASK) << 2) + place] ?? 0;

export function setDouble(slab: Slab, index: number, place: number, value: number): void {
  const chunk = slab.doubles[index >>> CHUNK_BITS];
  if (chunk !== undefined) chunk[((index & CHUNK_MASK) << 2) + place] = value;
}
