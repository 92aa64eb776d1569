import { SIEVE } from './record.js';

/**
 * The sieve of a long ledger tells of most values at once that they are not there: a bit of 512 for
 * each, of which 256 lie in one record and 256 in another. `head` is the head's place in `ints`.
 */
export function isInSieve(ints: Int32Array, head: number, lo: number): boolean {
  const part = ints[head + SIEVE + ((lo >> 8) & 1)] ?? 0;
  return (((ints[(part << 3) + ((lo >> 5) & 7)] ?? 0) >> (lo & 31)) & 1) === 1;
}

export function setInSieve(ints: Int32Array, head: number, lo: number): void {
  const part = ints[head + SIEVE + ((lo >> 8) & 1)] ?? 0;
  const at = (part << 3) + ((lo >> 5) & 7);
  ints[at] = (ints[at] ?? 0) | (1 << (lo & 31));
}

export function wipeSieve(ints: Int32Array, head: number): void {
  for (const place of [SIEVE, SIEVE + 1]) {
    const start = (ints[head + place] ?? 0) << 3;
    ints.fill(0, start, start + 8);
  }
}
