import { LIMITS } from '../../core/common/limits.js';
import { readPragma } from '../database/migrate.js';
import { BLOCK_ROW, storedBlock, type BlockRow } from '../rows.js';
import type { Database } from '../database/sqlite.js';
import { createNotes } from './notes.js';
import { prune } from './prune.js';
import { rollUp } from '../statistics/roll-up.js';
import type { Mutex } from '../../core/common/mutex.js';
import type { Maintenance, VacuumCounts } from '../types.js';

/** What looks after the database alone. */
export type DatabaseMaintenance = Omit<Maintenance, 'reopenLog' | 'archiveLogs' | 'mend'>;

/** The maintenance calls on the writer's own connection, in steps between its batches. */
export function createMaintenance(database: Database, mutex: Mutex): DatabaseMaintenance {
  return {
    expireBlocks: (nowUs) => mutex.run(() => expireBlocks(database, nowUs)),
    ...createNotes(database, mutex),
    prune: (options) => prune(database, mutex, options),
    vacuum: (pages) => vacuum(database, mutex, pages),
    rollUp: (nowUs) => rollUp(database, mutex, nowUs),
    // A sample of each index is enough, and takes a few milliseconds at any size.
    analyze: () => mutex.run(() => database.exec('PRAGMA analysis_limit = 1000; ANALYZE')),
  };
}

async function expireBlocks(database: Database, nowUs: number) {
  const rows = await database.all<BlockRow>(
    `UPDATE blocks SET ended_at_us = expires_at_us, end_how = 'expired'
     WHERE ended_at_us IS NULL AND expires_at_us <= ? RETURNING ${BLOCK_ROW}`,
    [nowUs],
  );
  return rows.map(storedBlock);
}

async function vacuum(database: Database, mutex: Mutex, pages: number): Promise<VacuumCounts> {
  let left = Math.max(0, Math.floor(pages));
  let pagesFreed = 0;
  for (;;) {
    const step = Math.min(left, LIMITS.vacuumStepPagesMax);
    const { freed, free } = await mutex.run(() => vacuumStep(database, step));
    pagesFreed += freed;
    left -= step;
    if (left > 0 && freed > 0) continue;
    // The file itself shrinks when the WAL is moved into it.
    await mutex.run(() => database.exec('PRAGMA wal_checkpoint(PASSIVE)'));
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
