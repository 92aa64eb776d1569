/**
 * A map from text keys to values that knows which entry was touched longest ago. Every operation
 * takes constant time and none goes over the whole: the entries are a linked list, and the table
 * behind it is cut into shards, because growing one JavaScript Map of a million keys stalls for
 * tens of milliseconds.
 */
export interface RecentMap<V> {
  readonly shards: (Map<string, Entry<V>> | undefined)[];
  oldest: Entry<V> | null;
  newest: Entry<V> | null;
  size: number;
}

export interface Entry<V> {
  readonly key: string;
  readonly value: V;
  touchedAtUs: number;
  older: Entry<V> | null;
  newer: Entry<V> | null;
}

const SHARDS = 256;

export function createRecentMap<V>(): RecentMap<V> {
  return {
    shards: Array.from({ length: SHARDS }, () => undefined),
    oldest: null,
    newest: null,
    size: 0,
  };
}

/** The entry of a key, or null; does not count as a touch. */
export function findEntry<V>(map: RecentMap<V>, key: string): Entry<V> | null {
  return map.shards[shardOf(key)]?.get(key) ?? null;
}

/** Makes an entry the newest one. */
export function touchEntry<V>(map: RecentMap<V>, entry: Entry<V>, nowUs: number): void {
  entry.touchedAtUs = nowUs;
  if (map.newest === entry) return;
  unlink(map, entry);
  append(map, entry);
}

/** Adds an entry for a key that has none. The caller keeps the bound with `dropOldest`. */
export function addEntry<V>(map: RecentMap<V>, key: string, value: V, nowUs: number): Entry<V> {
  const index = shardOf(key);
  const shard = (map.shards[index] ??= new Map<string, Entry<V>>());
  const entry = { key, value, touchedAtUs: nowUs, older: null, newer: null };
  shard.set(key, entry);
  append(map, entry);
  map.size += 1;
  return entry;
}

/** Takes away the entry that was touched longest ago, and returns it; null when there is none. */
export function dropOldest<V>(map: RecentMap<V>): Entry<V> | null {
  const entry = map.oldest;
  if (entry === null) return null;
  unlink(map, entry);
  map.shards[shardOf(entry.key)]?.delete(entry.key);
  map.size -= 1;
  return entry;
}

function append<V>(map: RecentMap<V>, entry: Entry<V>): void {
  entry.older = map.newest;
  entry.newer = null;
  if (map.newest === null) map.oldest = entry;
  else map.newest.newer = entry;
  map.newest = entry;
}

function unlink<V>(map: RecentMap<V>, entry: Entry<V>): void {
  if (entry.older === null) map.oldest = entry.newer;
  else entry.older.newer = entry.newer;
  if (entry.newer === null) map.newest = entry.older;
  else entry.newer.older = entry.older;
}

/** The last characters differ most between addresses of one network. */
function shardOf(key: string): number {
  const end = key.length - 1;
  let hash = 0;
  for (let index = end; index >= 0 && index > end - 4; index -= 1) {
    hash = (hash * 31 + key.charCodeAt(index)) & (SHARDS - 1);
  }
  return hash;
}
