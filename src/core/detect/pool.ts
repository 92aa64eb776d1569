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

/** Enough for a quiet agent. Whatever needs more gets all it may have at once. */
const FIRST_RECORDS = 1_024;
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
 * The system gives memory as it is written to, so that room costs nothing while it is not used; to
 * grow by copying would stall for ten milliseconds and more at a few megabytes.
 */
function grow(pool: Pool): void {
  const { ints, recordsMax, next } = pool;
  if (next > recordsMax) throw new RangeError('a pool of records is full');
  const whole = new Int32Array((recordsMax + 1) * RECORD_INTS);
  whole.set(ints);
  pool.ints = whole;
  pool.doubles = new Float64Array(whole.buffer);
}
