import type { AttackType } from '../core/model/attack-type.js';
import { LIMITS } from '../core/model/limits.js';
import { EVENT_ROW, storedEvent, type EventRow, type StoredEvent } from './rows.js';
import type { Database, SqlValue } from './sqlite.js';

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

export interface EventQueries {
  /** Newest first; at most `listedRowsMax`. */
  listEvents(filter: EventFilter): Promise<readonly StoredEvent[]>;
  /** What came after the event `id`, oldest first. */
  eventsAfter(id: number, limit: number, withRaw?: boolean): Promise<readonly StoredEvent[]>;
  countEvents(): Promise<number>;
}

export function createEventQueries(database: Database): EventQueries {
  return {
    listEvents: async (filter) => {
      const { where, values } = conditionsOf(filter);
      const rows = await database.all<EventRow>(
        `SELECT ${columns(filter.withRaw)} FROM events ${where} ORDER BY id DESC LIMIT ?`,
        [...values, boundLimit(filter.limit)],
      );
      return rows.map(storedEvent);
    },
    eventsAfter: async (id, limit, withRaw) => {
      const rows = await database.all<EventRow>(
        `SELECT ${columns(withRaw)} FROM events WHERE id > ? ORDER BY id LIMIT ?`,
        [id, boundLimit(limit)],
      );
      return rows.map(storedEvent);
    },
    countEvents: async () => {
      const row = await database.get<{ count: number }>('SELECT count(*) AS count FROM events');
      return row?.count ?? 0;
    },
  };
}

export const boundLimit = (limit: number): number =>
  Math.min(Math.max(0, Math.floor(limit)), LIMITS.listedRowsMax);

const columns = (withRaw = false): string => (withRaw ? `${EVENT_ROW}, raw` : EVENT_ROW);

function conditionsOf(filter: EventFilter): { where: string; values: readonly SqlValue[] } {
  const conditions: (readonly [string, SqlValue | undefined])[] = [
    ['id < ?', filter.beforeId],
    ['source_ip = ?', filter.source],
    ['attack_type = ?', filter.attackType],
    ['method = ?', filter.method],
    ['received_at_us >= ?', filter.sinceUs],
  ];
  const texts: string[] = [];
  const values: SqlValue[] = [];
  for (const [text, value] of conditions) {
    if (value === undefined) continue;
    texts.push(text);
    values.push(value);
  }
  return { where: texts.length === 0 ? '' : `WHERE ${texts.join(' AND ')}`, values };
}
