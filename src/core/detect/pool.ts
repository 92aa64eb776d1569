/**
 * A pool of small records of numbers: eight 32-bit integers each, of which a pair that begins at an
 * even place also serves as one double. All lie in one array, so that a read is one load, and a
 * record costs 32 bytes and no object. Record 0 is none: it stands for "nothing" in every link.
 */
export interface Pool {
  ints: Int32Array;
  /** The same memory as doubles; a record has four. */
  doubles: Float64Array;
  /** Records that it can grow to. */
  readonly recordsMax: number;
  /** The first of the list of given-back records, linked by their first integer; 0: none. */
  free: number;
  /** The next record that was never used. */
  next: number;
  /** Records in use. */
  size: number;
}

const FIRST_RECORDS = 1_024;
/** Up to here a pool grows by copying, which takes a millisecond; then it takes all it may have. */
const COPIED_RECORDS_MAX = 131_072;
const RECORD_INTS = 8;

export function createPool(recordsMax: number): Pool {
  const ints = new Int32Array(Math.min(FIRST_RECORDS, recordsMax + 1) * RECORD_INTS);
  const doubles = new Float64Array(ints.buffer);
  return { ints, doubles, recordsMax, free: 0, next: 1, size: 0 };
}

/** A record with all numbers 0. The caller keeps the bound; beyond it this is a fault (RangeError). */
export function takeRecord(pool: Pool): number {
  pool.size += 1;
  const recycled = pool.free;
  if (recycled !== 0) {
    const start = recycled << 3;
    pool.free = pool.ints[start] ?? 0;
    pool.ints.fill(0, start, start + RECORD_INTS);
    return recycled;
  }
  if (pool.next << 3 >= pool.ints.length) grow(pool);
  return pool.next++;
}

export function giveBack(pool: Pool, record: number): void {
  pool.ints[record << 3] = pool.free;
  pool.free = record;
  pool.size -= 1;
}

/**
 * The system gives memory as it is written to, so the last step costs nothing for what is not used,
 * and no later one has to copy for tens of milliseconds.
 */
function grow(pool: Pool): void {
  const { ints, recordsMax, next } = pool;
  if (next > recordsMax) throw new RangeError('a pool of records is full');
  const records = next * 2 > COPIED_RECORDS_MAX ? recordsMax + 1 : next * 2;
  const wider = new Int32Array(Math.min(records, recordsMax + 1) * RECORD_INTS);
  wider.set(ints);
  pool.ints = wider;
  pool.doubles = new Float64Array(wider.buffer);
}
