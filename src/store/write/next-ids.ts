import type { Database } from '../database/sqlite.js';

/** First free ids. Pruning remembers the highest id it deletes, so that none is given twice. */
export async function readNextIds(
  database: Database,
): Promise<{ nextEventId: number; nextBlockId: number }> {
  return {
    nextEventId: await readNextId(database, 'events'),
    nextBlockId: await readNextId(database, 'blocks'),
  };
}

export async function readNextId(database: Database, table: 'events' | 'blocks'): Promise<number> {
  const row = await database.get<{ next: number }>(
    `SELECT max(coalesce((SELECT max(id) + 1 FROM ${table}), 1),
       coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?), 1)) AS next`,
    [`next_id_${table}`],
  );
  return row?.next ?? 1;
}
