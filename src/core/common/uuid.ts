/** Three hexadecimal digits for each microsecond of a millisecond. */
const US_HEX = Array.from({ length: 1_000 }, (_, us) => us.toString(16).padStart(3, '0'));

/** What was written last of a time and of a seed: both are the same for many events. */
let lastMs = { ms: Number.NaN, text: '' };
let lastSeed = { seed: Number.NaN, text: '' };

/**
 * An RFC 9562 version 7 UUID without a random source: time in milliseconds, then the microseconds
 * in rand_a, then the start's seed and the event's number in rand_b. Unique as long as no two
 * starts share a seed; the same input gives the same UUID, so that a replay is byte-identical.
 * `seed` is 30 bits, `sequence` counts events.
 */
export function makeUuid(nowUs: number, seed: number, sequence: number): string {
  const ms = Math.floor(nowUs / 1000);
  const us = Math.floor(nowUs) % 1000;
  if (ms !== lastMs.ms) {
    const hex = ms.toString(16).padStart(12, '0').slice(-12);
    lastMs = { ms, text: `${hex.slice(0, 8)}-${hex.slice(8)}-7` };
  }
  if (seed !== lastSeed.seed) {
    const hex = ((seed & 0x3fffffff) + 0x80000000).toString(16);
    lastSeed = { seed, text: `-${hex.slice(0, 4)}-${hex.slice(4)}` };
  }
  const sequenceHex = (sequence % 0x100000000).toString(16).padStart(8, '0');
  return lastMs.text + (US_HEX[us] ?? us.toString(16)) + lastSeed.text + sequenceHex;
}
