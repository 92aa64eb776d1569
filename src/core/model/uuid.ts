/**
 * An RFC 9562 version 7 UUID without a random source: time in milliseconds, then the microseconds
 * in rand_a, then the start's seed and the event's number in rand_b. Unique as long as no two
 * starts share a seed; the same input gives the same UUID, so that a replay is byte-identical.
 * `seed` is 30 bits, `sequence` counts events.
 */
export function makeUuid(nowUs: number, seed: number, sequence: number): string {
  const ms = Math.floor(nowUs / 1000);
  const us = Math.floor(nowUs) % 1000;
  const msHex = ms.toString(16).padStart(12, '0').slice(-12);
  const seedHex = ((seed & 0x3fffffff) + 0x80000000).toString(16);
  const sequenceHex = (sequence % 0x100000000).toString(16).padStart(8, '0');
  return (
    `${msHex.slice(0, 8)}-${msHex.slice(8)}-7${us.toString(16).padStart(3, '0')}-` +
    `${seedHex.slice(0, 4)}-${seedHex.slice(4)}${sequenceHex}`
  );
}
