/** 64 bits as two signed 32-bit integers. */
export interface Hash {
  lo: number;
  hi: number;
}

/**
 * Hashes text into `out`. Counted values and groups are kept as these 64 bits and not as text: two
 * of a million values meet with a chance of 1 in 37 million. `seed` is the agent's own, so that
 * nobody can work out values that meet. (Two interleaved multiply-xor chains, each finished as in
 * MurmurHash3.)
 */
export function hashText(out: Hash, text: string, seed: number): void {
  let a = seed ^ 0x2f0b4c47 ^ text.length;
  let b = seed ^ 0x6c078965;
  const last = text.length - 1;
  for (let index = 0; index <= last; index += 2) {
    // Two characters a round: the chain, not the text, is what takes time.
    const code = text.charCodeAt(index) ^ (index === last ? 0 : text.charCodeAt(index + 1) << 16);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
    a ^= b >>> 15;
    b ^= a >>> 13;
  }
  out.lo = finish(a ^ (b >>> 7));
  out.hi = finish(b ^ (a << 9));
}

/** Mixes one more hash into `out`; the order counts. */
export function mixHash(out: Hash, { lo, hi }: Hash): void {
  const a = Math.imul(out.lo ^ lo, 0x85ebca6b) + out.hi;
  const b = Math.imul(out.hi ^ hi, 0xc2b2ae35) + lo;
  out.lo = finish(a);
  out.hi = finish(b ^ a);
}

/** The same for a small number. */
export function mixNumber(out: Hash, number: number): void {
  out.lo = finish(out.lo ^ Math.imul(number + 1, 0x9e3779b1));
  out.hi = finish(out.hi + Math.imul(number + 1, 0x5f356495));
}

/** Spreads each bit over all 32; no two numbers become the same. */
export function finish(value: number): number {
  let mixed = value;
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
