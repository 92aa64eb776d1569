import type { Database } from '../database/sqlite.js';

/** The last row of each table that is counted. */
export interface TallyMarks {
  events: number;
  blocks: number;
  thinned: number;
}

/** A condition for rows of `events` that are not in the statistics yet; none without a mark. */
export const UNCOUNTED =
  "id > (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'tallied_events')";

const TABLES = ['events', 'blocks', 'thinned'] as const;

/** Reads the marks. A database without any has counted all that it holds, and gets them now. */
export async function readMarks(database: Database): Promise<TallyMarks> {
  const marks = { events: 0, blocks: 0, thinned: 0 };
  for (const table of TABLES) {
    const last = `(SELECT coalesce(max(id), 0) FROM ${table})`;
    await database.run(`INSERT OR IGNORE INTO meta (name, value) SELECT ?, ${last}`, [
      markOf(table),
    ]);
    const row = await database.get<{ id: number }>(
      'SELECT CAST(value AS INTEGER) AS id FROM meta WHERE name = ?',
      [markOf(table)],
    );
    marks[table] = row?.id ?? 0;
  }
  return marks;
}

/** Within the transaction that writes what was counted up to them. */
export async function keepMarks(database: Database, marks: TallyMarks): Promise<void> {
  // The rows of `thinned` are numbered by SQLite: what is committed now is counted.
  await database.run(
    `INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?), (?, ?),
       (?, (SELECT coalesce(max(id), 0) FROM thinned))`,
    [
      markOf('events'),
      String(marks.events),
      markOf('blocks'),
      String(marks.blocks),
      markOf('thinned'),
    ],
  );
}

const markOf = (table: (typeof TABLES)[number]): string => `tallied_${table}`;
