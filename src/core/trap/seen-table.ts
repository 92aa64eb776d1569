/**
 * When which 64-bit key was seen: open addressing in typed arrays, 16 bytes a place. Strings as keys
 * cost ten times the memory, which a flood would fill. Holds `keysMax` keys; the caller looks.
 */
export interface SeenTable {
  readonly keys: Int32Array;
  /** Microseconds; 0 where the place is free. */
  readonly atUs: Float64Array;
  size: number;
}

/** Two 32-bit halves of a key. */
export interface SeenKey {
  lo: number;
  hi: number;
}

/** Twice the places that are filled at most, so that a search ends after a step or two. */
export function createSeenTable(keysMax: number): SeenTable {
  const places = 2 ** Math.ceil(Math.log2(keysMax * 2));
  return { keys: new Int32Array(places * 2), atUs: new Float64Array(places), size: 0 };
}

/** When the key was seen; null when it was not. */
export function seenAtUs({ keys, atUs }: SeenTable, { lo, hi }: SeenKey): number | null {
  const mask = atUs.length - 1;
  for (let place = lo & mask; atUs[place] !== 0; place = (place + 1) & mask) {
    if (keys[place * 2] === lo && keys[place * 2 + 1] === hi) return atUs[place] ?? null;
  }
  return null;
}

/** `nowUs` is not 0: that is no moment of ours. */
export function markSeen(table: SeenTable, { lo, hi }: SeenKey, nowUs: number): void {
  const { keys, atUs } = table;
  const mask = atUs.length - 1;
  let place = lo & mask;
  while (atUs[place] !== 0 && (keys[place * 2] !== lo || keys[place * 2 + 1] !== hi)) {
    place = (place + 1) & mask;
  }
  if (atUs[place] === 0) table.size += 1;
  keys[place * 2] = lo;
  keys[place * 2 + 1] = hi;
  atUs[place] = nowUs;
}

export function clearSeen(table: SeenTable): void {
  table.atUs.fill(0);
  table.size = 0;
}
