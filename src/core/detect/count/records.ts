/**
 * Small records of numbers: eight 32-bit integers each, of which a pair that begins at an even place
 * also serves as one double. All lie in one array, so that a record costs 32 bytes and no object, and
 * the garbage collector has nothing to look through. Record 0 is none: it stands for "nothing" in
 * every link.
 */
export interface Records {
  ints: Int32Array;
  /** The same memory as doubles; a record has four. */
  doubles: Float64Array;
  readonly max: number;
  /** The first of those that were given back, linked by their first integer; 0: none. */
  free: number;
  /** The next record that was never used. */
  next: number;
  /** Records in use. */
  used: number;
}

const RECORD_INTS = 8;
/** Enough for a quiet agent. Whatever needs more gets all it may have at once. */
const FIRST_RECORDS = 1_024;

export function createRecords(max: number): Records {
  const ints = new Int32Array(Math.min(FIRST_RECORDS, max + 1) * RECORD_INTS);
  return { ints, doubles: new Float64Array(ints.buffer), max, free: 0, next: 1, used: 0 };
}

/** A record with all numbers 0. The caller keeps the bound; beyond it this is a fault (RangeError). */
export function takeRecord(records: Records): number {
  records.used += 1;
  const { free, ints } = records;
  if (free !== 0) {
    const at = free << 3;
    records.free = ints[at] ?? 0;
    for (let each = at; each < at + RECORD_INTS; each += 1) ints[each] = 0;
    return free;
  }
  if (records.next << 3 >= ints.length) grow(records);
  return records.next++;
}

/** Gives so many records back that are linked by their first integers, from `first` to `last`. */
export function giveRecords(records: Records, first: number, last: number, count: number): void {
  records.ints[last << 3] = records.free;
  records.free = first;
  records.used -= count;
}

/**
 * The system gives memory as it is written to, so that room costs nothing while it is not used; to
 * grow by copying would stall for ten milliseconds and more at a few megabytes.
 */
function grow(records: Records): void {
  const { ints, max, next } = records;
  if (next > max) throw new RangeError('there are no more records');
  const whole = new Int32Array((max + 1) * RECORD_INTS);
  whole.set(ints);
  records.ints = whole;
  records.doubles = new Float64Array(whole.buffer);
}
