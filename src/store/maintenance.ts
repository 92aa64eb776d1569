import { LIMITS } from '../core/model/limits.js';
import { messageOf } from './files.js';
import { readPragma } from './migrate.js';
import { BLOCK_ROW, storedBlock, type BlockRow } from './rows.js';
import { sqliteCode, type Database, type SqlValue } from './sqlite.js';
import { createNotes } from './notes.js';
import { rollUp } from './roll-up.js';
import type { Turns } from './turns.js';
import type { Maintenance, PruneCounts, PruneOptions, VacuumCounts } from './types.js';

/** The maintenance calls on the writer's own connection, in steps between its batches. */
export function createMaintenance(
  database: Database,
  turns: Turns,
): Omit<Maintenance, 'reopenLog'> {
  return {
    expireBlocks: (nowUs) => turns.take(() => expireBlocks(database, nowUs)),
    ...createNotes(database, turns),
    prune: (options) => prune(database, turns, options),
    vacuum: (pages) => vacuum(database, turns, pages),
    rollUp: (nowUs) => rollUp(database, turns, nowUs),
    // A sample of each index is enough, and takes a few milliseconds at any size.
    analyze: () => turns.take(() => database.exec('PRAGMA analysis_limit = 1000; ANALYZE')),
    check: () => turns.take(() => check(database)),
  };
}

async function check(database: Database): Promise<string> {
  try {
    const rows = await database.all<{ integrity_check: string }>('PRAGMA integrity_check');
    return rows.map((row) => row.integrity_check).join('\n');
  } catch (error) {
    // Damage that the check itself stumbles over is a finding too.
    if (sqliteCode(error) === 'SQLITE_CORRUPT') return messageOf(error);
    throw error;
  }
}

/** First free ids. Pruning remembers the highest id it deletes, so that none is given twice. */
export async function readNextIds(
  database: Database,
): Promise<{ nextEventId: number; nextBlockId: number }> {
  return {
    nextEventId: await readNextId(database, 'events'),
    nextBlockId: await readNextId(database, 'blocks'),
  };
}

async function readNextId(database: Database, table: 'events' | 'blocks'): Promise<number> {
  const row = await database.get<{ next: number }>(
    `SELECT max(coalesce((SELECT max(id) + 1 FROM ${table}), 1),
       coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?), 1)) AS next`,
    [`next_id_${table}`],
  );
  return row?.next ?? 1;
}

async function expireBlocks(database: Database, nowUs: number) {
  const rows = await database.all<BlockRow>(
    `UPDATE blocks SET ended_at_us = expires_at_us, end_how = 'expired'
     WHERE ended_at_us IS NULL AND expires_at_us <= ? RETURNING ${BLOCK_ROW}`,
    [nowUs],
  );
  return rows.map(storedBlock);
}

async function prune(
  database: Database,
  turns: Turns,
  { olderThanUs, databaseBytesMax }: PruneOptions,
): Promise<PruneCounts> {
  const byAge = (table: string, where: string): Promise<number> =>
    olderThanUs === null
      ? Promise.resolve(0)
      : deleteSteps(database, turns, table, where, [olderThanUs]);

  await turns.take(() => keepNextIds(database));
  const aged = await byAge('events', 'received_at_us < ?');
  await byAge('thinned', 'last_us < ?');
  const sightings = await byAge('sightings', 'at_us < ?');
  const blocks = await byAge('blocks', 'ended_at_us < ?');
  const jobRuns = await byAge('job_runs', 'finished_at_us < ?');
  const bySize =
    databaseBytesMax === null ? 0 : await deleteOldest(database, turns, databaseBytesMax);
  // What was tried and dialled goes with the events that it stood in.
  const gone = '(SELECT coalesce(min(id), 9223372036854775807) FROM events)';
  await deleteSteps(database, turns, 'credentials', `last_event_id < ${gone}`, []);
  await deleteSteps(database, turns, 'calls', `id < ${gone}`, []);
  return { events: aged + bySize, sightings, blocks, jobRuns };
}

async function keepNextIds(database: Database): Promise<void> {
  for (const table of ['events', 'blocks'] as const) {
    const next = await readNextId(database, table);
    await database.run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', [
      `next_id_${table}`,
      String(next),
    ]);
  }
}

/** Deletes a bounded number of rows a turn, so that no batch waits long. */
async function deleteSteps(
  database: Database,
  turns: Turns,
  table: string,
  where: string,
  values: readonly SqlValue[],
): Promise<number> {
  const sql = `DELETE FROM ${table} WHERE id IN
    (SELECT id FROM ${table} WHERE ${where} LIMIT ${LIMITS.pruneRowsMax})`;
  let total = 0;
  for (;;) {
    const deleted = await turns.take(() => database.run(sql, values));
    total += deleted;
    if (deleted < LIMITS.pruneRowsMax) return total;
  }
}

async function deleteOldest(database: Database, turns: Turns, bytesMax: number): Promise<number> {
  const sql = `DELETE FROM events WHERE id IN
    (SELECT id FROM events ORDER BY id LIMIT ${LIMITS.pruneRowsMax})`;
  let total = 0;
  for (;;) {
    const deleted = await turns.take(async () => {
      return (await readUsedBytes(database)) > bytesMax ? await database.run(sql) : 0;
    });
    total += deleted;
    if (deleted === 0) return total;
  }
}

/** Bytes of the pages that hold something; free pages are used again before the file grows. */
async function readUsedBytes(database: Database): Promise<number> {
  const pages = await readPragma(database, 'page_count');
  const free = await readPragma(database, 'freelist_count');
  return (pages - free) * (await readPragma(database, 'page_size'));
}

async function vacuum(database: Database, turns: Turns, pages: number): Promise<VacuumCounts> {
  let left = Math.max(0, Math.floor(pages));
  let pagesFreed = 0;
  for (;;) {
    const step = Math.min(left, LIMITS.vacuumStepPagesMax);
    const { freed, free } = await turns.take(() => vacuumStep(database, step));
    pagesFreed += freed;
    left -= step;
    if (left > 0 && freed > 0) continue;
    // The file itself shrinks when the WAL is moved into it.
    await turns.take(() => database.exec('PRAGMA wal_checkpoint(PASSIVE)'));
    return { pagesFreed, pagesFree: free };
  }
}

async function vacuumStep(database: Database, step: number) {
  const before = await readPragma(database, 'freelist_count');
  // The pragma frees one page for each row that is read, hence all() and not run(). Zero would
  // mean all of them.
  if (step > 0) await database.all(`PRAGMA incremental_vacuum(${step})`);
  const free = await readPragma(database, 'freelist_count');
  return { freed: before - free, free };
}
