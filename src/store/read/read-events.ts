import type { AttackType } from '../../core/model/attack-type.js';
import { LIMITS } from '../../core/common/limits.js';
import { EVENT_ROW, storedEvent, type EventRow, type StoredEvent } from '../rows.js';
import { idsOfSource } from './source-events.js';
import type { Database, SqlValue } from '../database/sqlite.js';
import { UNCOUNTED } from '../statistics/tally-marks.js';

export interface EventFilter {
  readonly limit: number;
  /** Only events before this one: the id of the last event of the page before. */
  readonly beforeId?: number;
  /** Canonical address. */
  readonly source?: string;
  readonly attackType?: AttackType;
  readonly method?: string;
  readonly sinceUs?: number;
  /** true: with the bytes of the messages. */
  readonly withRaw?: boolean;
}

/** A part of the events by time, in pages: `afterId` is the id of the last event of the page before. */
export interface EventSlice {
  readonly sinceUs: number;
  /** Events of this moment and later are left out. */
  readonly untilUs: number;
  readonly afterId: number;
  readonly limit: number;
}

export interface EventQueries {
  /** Newest first; at most `listedRowsMax`. */
  listEvents(filter: EventFilter): Promise<readonly StoredEvent[]>;
  /** What came after the event `id`, oldest first. */
  eventsAfter(id: number, limit: number, withRaw?: boolean): Promise<readonly StoredEvent[]>;
  /** With their bytes, in the order in which they were received. */
  eventSlice(slice: EventSlice): Promise<readonly StoredEvent[]>;
  /** Those of the ids that are still kept, oldest first; at most `listedRowsMax`. */
  eventsById(ids: readonly number[]): Promise<readonly StoredEvent[]>;
  countEvents(): Promise<number>;
}

export function createEventQueries(database: Database): EventQueries {
  return {
    listEvents: async (filter) => {
      if (filter.method !== undefined && !(await everSent(database, filter.method))) return [];
      const { source } = filter;
      const rows = await (source === undefined
        ? listOfAll(database, filter)
        : listOfSource(database, { ...filter, source }));
      return rows.map(storedEvent);
    },
    eventsAfter: async (id, limit, withRaw) => {
      const rows = await database.all<EventRow>(
        `SELECT ${columns(withRaw)} FROM events WHERE id > ? ORDER BY id LIMIT ?`,
        [id, boundLimit(limit)],
      );
      return rows.map(storedEvent);
    },
    eventSlice: async ({ sinceUs, untilUs, afterId, limit }) => {
      // The first id by the index of times; from there on ids and times rise together.
      const first = await database.get<{ id: number }>(
        'SELECT id FROM events WHERE received_at_us >= ? ORDER BY received_at_us, id LIMIT 1',
        [sinceUs],
      );
      if (first === null) return [];
      const rows = await database.all<EventRow>(
        `SELECT ${columns(true)} FROM events
         WHERE id > ? AND received_at_us >= ? AND received_at_us < ? ORDER BY id LIMIT ?`,
        [Math.max(afterId, first.id - 1), sinceUs, untilUs, boundLimit(limit)],
      );
      return rows.map(storedEvent);
    },
    eventsById: async (ids) => {
      const rows = await database.all<EventRow>(
        `SELECT ${columns(false)} FROM events
         WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?`,
        [JSON.stringify(ids), LIMITS.listedRowsMax],
      );
      return rows.map(storedEvent);
    },
    countEvents: async () => {
      // Counted as they come and go, but for a last second: to count ten million takes seconds.
      const row = await database.get<{ count: number }>(
        `SELECT coalesce(sum(count), 0) + (SELECT count(*) FROM events WHERE ${UNCOUNTED}) AS count
         FROM counters WHERE span = 'all' AND name = 'events_kept'`,
      );
      return row?.count ?? 0;
    },
  };
}

/** False when no event has this method: to find none among millions would take seconds. */
async function everSent(database: Database, method: string): Promise<boolean> {
  if (method.length > LIMITS.countedTextCharsMax) return true;
  // The empty value stands for those that have no counter of their own.
  const row = await database.get(
    `SELECT 1 FROM counters WHERE span = 'day' AND name = 'method' AND value IN (?1, '')
     UNION ALL SELECT 1 FROM events WHERE ${UNCOUNTED} AND method = ?1 LIMIT 1`,
    [method],
  );
  return row !== null;
}

export const boundLimit = (limit: number): number =>
  Math.min(Math.max(0, Math.floor(limit)), LIMITS.listedRowsMax);

const columns = (withRaw = false): string => (withRaw ? `${EVENT_ROW}, raw` : EVENT_ROW);

function listOfAll(database: Database, filter: EventFilter): Promise<EventRow[]> {
  const { beforeId } = filter;
  const conditions = conditionsOf(filter);
  if (beforeId !== undefined) conditions.push(['id < ?', beforeId]);
  const where =
    conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  return database.all<EventRow>(
    `SELECT ${columns(filter.withRaw)} FROM events ${where} ORDER BY id DESC LIMIT ?`,
    [...conditions.map(([, value]) => value), boundLimit(filter.limit)],
  );
}

async function listOfSource(
  database: Database,
  filter: EventFilter & { readonly source: string },
): Promise<EventRow[]> {
  const { source, beforeId } = filter;
  const ids = await idsOfSource(database, {
    source,
    limit: boundLimit(filter.limit),
    ...(beforeId === undefined ? {} : { beforeId }),
    conditions: conditionsOf(filter),
  });
  return database.all<EventRow>(
    `SELECT ${columns(filter.withRaw)} FROM events
     WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id DESC`,
    [JSON.stringify(ids)],
  );
}

/** What a filter asks for beside source and page. */
function conditionsOf({ attackType, method, sinceUs }: EventFilter): [string, SqlValue][] {
  const conditions: [string, SqlValue][] = [];
  if (attackType !== undefined) conditions.push(['attack_type = ?', attackType]);
  if (method !== undefined) conditions.push(['method = ?', method]);
  if (sinceUs !== undefined) conditions.push(['received_at_us >= ?', sinceUs]);
  return conditions;
}
