import type { Database, SqlValue } from '../database/sqlite.js';

/**
 * The index events_source stands on (`id >> 13`, `source_ip`): 8,192 events that came one after
 * another, by source. So a batch of new events touches few pages of it, whatever the number of their
 * sources; by source alone it would touch a page an event. A source is looked for bucket by bucket.
 */
const BUCKET_EVENTS = 8_192;
/** The first look goes into the newest bucket, each later one into so many times as many. */
const LOOK_FACTOR = 4;

export interface SourceFilter {
  /** Canonical address. */
  readonly source: string;
  readonly limit: number;
  /** Only events before this one. */
  readonly beforeId?: number;
  /** Further conditions on the event, each a piece of SQL with one value. */
  readonly conditions?: readonly (readonly [sql: string, value: SqlValue])[];
}

// From one bucket that has events to the next, for ids may have gaps of any size.
const BUCKETS = `WITH RECURSIVE bucket(n) AS (
  VALUES(?) UNION ALL
  SELECT (SELECT id >> 13 FROM events WHERE id < (n << 13) ORDER BY id DESC LIMIT 1)
  FROM bucket WHERE n > ?)`;
// CROSS JOIN: the buckets are the outer loop. (https://sqlite.org/optoverview.html#crossjoin)
const OF_SOURCE = `bucket CROSS JOIN events ON events.id >> 13 = bucket.n AND events.source_ip = ?`;

/** Ids of a source's events, newest first. */
export async function idsOfSource(database: Database, filter: SourceFilter): Promise<number[]> {
  const { source, limit, beforeId = Infinity, conditions = [] } = filter;
  const ends = await readEnds(database);
  if (ends === null) return [];
  const ids: number[] = [];
  const texts = conditions.map(([sql]) => ` AND ${sql}`).join('');
  const last = bucketOf(Math.min(ends.last, beforeId - 1));
  const first = bucketOf(ends.first);
  for (let top = last, look = 1; top >= first && ids.length < limit; look *= LOOK_FACTOR) {
    const bottom = Math.max(first, top - look + 1);
    const rows = await database.all<{ id: number }>(
      `${BUCKETS} SELECT events.id AS id FROM ${OF_SOURCE} WHERE events.id < ?${texts}
       ORDER BY events.id DESC LIMIT ?`,
      [
        top,
        bottom,
        source,
        Math.min(beforeId, ends.last + 1),
        ...conditions.map(([, value]) => value),
        limit - ids.length,
      ],
    );
    for (const { id } of rows) ids.push(id);
    top = bottom - 1;
  }
  return ids;
}

export interface SourceSpan {
  readonly events: number;
  readonly firstId: number | null;
  readonly lastId: number | null;
}

/** How many events there are of a source, and the ids of the first and the last; the index alone is read. */
export async function spanOfSource(database: Database, source: string): Promise<SourceSpan> {
  const none = { events: 0, firstId: null, lastId: null };
  const ends = await readEnds(database);
  if (ends === null) return none;
  const row = await database.get<SourceSpan>(
    `${BUCKETS} SELECT count(*) AS events, min(events.id) AS firstId, max(events.id) AS lastId
     FROM ${OF_SOURCE}`,
    [bucketOf(ends.last), bucketOf(ends.first), source],
  );
  return row ?? none;
}

/** A table `bucket` of all buckets that have events; null: there is none. */
export async function bucketsOf(
  database: Database,
): Promise<{ readonly sql: string; readonly values: readonly number[] } | null> {
  const ends = await readEnds(database);
  return ends === null
    ? null
    : { sql: BUCKETS, values: [bucketOf(ends.last), bucketOf(ends.first)] };
}

async function readEnds(database: Database): Promise<{ first: number; last: number } | null> {
  // One by one: of min and max together SQLite would read every row.
  const row = await database.get<{ first: number | null; last: number | null }>(
    'SELECT (SELECT min(id) FROM events) AS first, (SELECT max(id) FROM events) AS last',
  );
  if (row === null || row.first === null || row.last === null) return null;
  return { first: row.first, last: row.last };
}

const bucketOf = (id: number): number => Math.floor(id / BUCKET_EVENTS);
