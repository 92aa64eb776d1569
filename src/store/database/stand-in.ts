import { fileSize, resolveLinks } from './files.js';
import { LIMITS } from '../../core/common/limits.js';
import { MIGRATIONS } from './schema.js';
import { openDatabase, uriOf, type Database } from './sqlite.js';

/** What a start needs, the newest first where there may be many. */
const TABLES = [
  ['meta', ''],
  ['protected_peers', ''],
  ['job_runs', 'ORDER BY id DESC'],
  ['outbox', 'ORDER BY id DESC'],
  ['blocks', 'ORDER BY id DESC'],
  ['sightings', 'ORDER BY id DESC'],
] as const;

/**
 * What stands in for a database that cannot be opened because its disk takes nothing: one in memory,
 * with the rows that a start reads, and the next ids. Nothing is written: without a WAL the main file is
 * complete, and a WAL is read by its only user without the file of shared memory, whose place in the
 * memory of this process takes (https://sqlite.org/wal.html#noshm). Rejects with SQLite's error.
 */
export async function openStandIn(file: string): Promise<Database> {
  const database = await openDatabase('', 'memory');
  try {
    for (const migration of MIGRATIONS) await database.exec(migration);
    // An empty file is what a start on a full disk leaves where there was none.
    if (((await fileSize(file)) ?? 0) > 0) await readInto(database, file);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function readInto(database: Database, file: string): Promise<void> {
  const walBytes = (await fileSize(`${await resolveLinks(file)}-wal`)) ?? 0;
  await database.exec(`PRAGMA busy_timeout = ${LIMITS.databaseBusyMsMax}`);
  await database.run('ATTACH ? AS old', [uriOf(file, walBytes > 0 ? 'mode=rw' : 'immutable=1')]);
  try {
    if (walBytes > 0) await database.exec('PRAGMA old.locking_mode = EXCLUSIVE');
    for (const [table, order] of TABLES) await copy(database, table, order);
    for (const table of ['events', 'blocks']) await keepNextId(database, table);
  } finally {
    await database.exec('DETACH old');
  }
}

/** Columns that both have: the file may have an older schema, which is brought up to date later. */
async function copy(database: Database, table: string, order: string): Promise<void> {
  const rows = await database.all<{ name: string }>(
    `SELECT name FROM pragma_table_info('${table}', 'main')
     INTERSECT SELECT name FROM pragma_table_info('${table}', 'old')`,
  );
  if (rows.length === 0) return;
  const columns = rows.map(({ name }) => name).join(',');
  await database.run(
    `INSERT OR REPLACE INTO main.${table} (${columns})
     SELECT ${columns} FROM old.${table} ${order} LIMIT ${LIMITS.restoredRowsMax}`,
  );
}

const keepNextId = (database: Database, table: string): Promise<number> =>
  database.run(
    `INSERT OR REPLACE INTO main.meta (name, value)
     SELECT 'next_id_${table}', max(
       coalesce((SELECT max(id) + 1 FROM old.${table}), 1),
       coalesce((SELECT CAST(value AS INTEGER) FROM old.meta WHERE name = 'next_id_${table}'), 1))`,
  );
