import { rm } from 'node:fs/promises';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { fileSize, prepareFile, renameForGood, unwritable } from './files.js';
import { APPLICATION_ID, MIGRATIONS } from './schema.js';
import { hasBadHeader, isOurs } from './file-header.js';
import { isDamage, openDatabase, sqliteCode, type Database } from './sqlite.js';

/** No program will have so many: what names more is damaged. */
const SCHEMAS_MAX = 10_000;

/**
 * Opens the database to write, and brings its schema up to date; an existing one is copied to
 * `<file>.v<N>-<time>.bak` first. What is there is looked at before anything is changed.
 * Rejects with DATABASE_FOREIGN, DATABASE_NEWER, DATABASE_DAMAGED or STATE_UNWRITABLE.
 */
export async function openForWriting(
  file: string,
  migrations: readonly string[] = MIGRATIONS,
): Promise<Database> {
  try {
    await refuseForeign(file);
    await prepareFile(file, 0o600);
    const database = await openDatabase(file, 'write');
    try {
      await prepare(database, file, migrations);
    } catch (error) {
      await database.close();
      throw error;
    }
    return database;
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw (await isUnfit(file, error)) ? damaged(file, error) : explain(file, error);
  }
}

/** SQLite does not call everything damage that is: it may say that it cannot write, or read the format. */
async function isUnfit(file: string, error: unknown): Promise<boolean> {
  const code = sqliteCode(error);
  if (code !== 'SQLITE_ERROR' && code !== 'SQLITE_READONLY') return false;
  return hasBadHeader(file);
}

/** What a migration did; the numbers are those of the schema, 0 for a new database. */
export interface Migration {
  readonly database_file: string;
  readonly schema_before: number;
  readonly schema: number;
}

/** Does what a start does to the schema, and no more. Rejects as openForWriting does. */
export async function migrateDatabase(file: string): Promise<Migration> {
  const before = await schemaOf(file);
  const database = await openForWriting(file);
  await database.close();
  return { database_file: file, schema_before: before, schema: MIGRATIONS.length };
}

async function schemaOf(file: string): Promise<number> {
  const size = await fileSize(file).catch((error: unknown) => {
    throw explain(file, error);
  });
  if (size === null || size === 0) return 0;
  const database = await openDatabase(file, 'inspect');
  try {
    return await readPragma(database, 'user_version');
  } catch (error) {
    throw explain(file, error);
  } finally {
    await database.close();
  }
}

/** The AgentError that says what SQLite's error on this file means. */
export function explain(file: string, error: unknown): AgentError {
  return isDamage(error) ? damaged(file, error) : unwritable(file, error);
}

export function foreign(file: string, why: string): AgentError {
  return new AgentError(
    'DATABASE_FOREIGN',
    `${file} is not a database of this program: ${why}`,
    'name another file with database_file, or move this one away',
  );
}

export function newer(file: string, schema: number): AgentError {
  return new AgentError(
    'DATABASE_NEWER',
    `the database ${file} has schema ${schema}, this program knows ${MIGRATIONS.length}`,
    'install the agent that wrote it, or name another file with database_file',
  );
}

export function damaged(file: string, cause: unknown): AgentError {
  return new AgentError(
    'DATABASE_DAMAGED',
    `the database ${file} is damaged: ${messageOf(cause)}`,
    `move ${file} and its -wal file away, and start again with a new one`,
    cause,
  );
}

async function refuseForeign(file: string): Promise<void> {
  let size: number | null;
  try {
    size = await fileSize(file);
  } catch (error) {
    throw unwritable(file, error);
  }
  // An empty file is what SQLite itself leaves before its first transaction.
  if (size === null || size === 0) return;
  const database = await openDatabase(file, 'inspect');
  try {
    await refuseOtherId(database, file);
  } catch (error) {
    throw await judgeForeign(file, error);
  } finally {
    await database.close();
  }
}

/**
 * What to say of a file that is not what it should be: that it is damaged when it was ours, so that
 * it is set aside; else that it is another program's, and nobody touches it.
 */
export async function judgeForeign(file: string, error: unknown): Promise<AgentError> {
  const code = sqliteCode(error);
  const strange = error instanceof AgentError ? error.code === 'DATABASE_FOREIGN' : isDamage(error);
  if (!strange && code !== 'SQLITE_ERROR') {
    return error instanceof AgentError ? error : explain(file, error);
  }
  if (await isOurs(file)) return damaged(file, error);
  return error instanceof AgentError ? error : foreign(file, 'it is no SQLite database');
}

/** Rejects with DATABASE_FOREIGN unless the database carries our `application_id`. */
export async function refuseOtherId(database: Database, file: string): Promise<void> {
  const id = await readPragma(database, 'application_id');
  if (id === APPLICATION_ID) return;
  throw foreign(file, `its application_id is 0x${id.toString(16).padStart(8, '0')}`);
}

/** The number that a pragma answers. */
export async function readPragma(database: Database, name: string): Promise<number> {
  const row = await database.get<Record<string, number>>(`PRAGMA ${name}`);
  return row?.[name] ?? 0;
}

async function prepare(
  database: Database,
  file: string,
  migrations: readonly string[],
): Promise<void> {
  // Before journal_mode, whose change needs a lock that another process may hold for a moment.
  await database.exec(`PRAGMA busy_timeout = ${LIMITS.databaseBusyMsMax}`);
  const version = await readPragma(database, 'user_version');
  if (version < 0 || version > SCHEMAS_MAX) throw damaged(file, new Error(`schema ${version}`));
  if (version > migrations.length) throw newer(file, version);
  // The id comes with the first step, in the same transaction.
  if (version === 0 && (await readPragma(database, 'application_id')) === APPLICATION_ID)
    throw damaged(file, new Error('schema 0'));
  // While the first step runs the journal is a rollback journal, so that the application_id is in
  // the main file from the first commit on, where refuseForeign looks for it.
  if (version > 0 && version < migrations.length) await backUp(database, file, version);
  for (let step = version; step < migrations.length; step += 1) {
    await migrate(database, file, step, migrations[step] ?? '');
  }
  await database.exec(
    [
      'PRAGMA journal_mode = WAL',
      'PRAGMA synchronous = NORMAL',
      `PRAGMA wal_autocheckpoint = ${LIMITS.walPagesMax}`,
      `PRAGMA journal_size_limit = ${LIMITS.walKeptBytesMax}`,
      `PRAGMA cache_size = -${LIMITS.databaseCacheKibMax}`,
    ].join(';'),
  );
  // Reads the whole schema, so that a damaged first page is found now and not in the first batch.
  await database.all('SELECT name FROM sqlite_schema');
}

async function migrate(database: Database, file: string, step: number, sql: string): Promise<void> {
  // Takes effect only before the first table (https://sqlite.org/pragma.html#pragma_auto_vacuum).
  if (step === 0) await database.exec('PRAGMA auto_vacuum = INCREMENTAL');
  await database.exec('BEGIN IMMEDIATE');
  try {
    if (step === 0) await database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    await database.exec(sql);
    await database.exec(`PRAGMA user_version = ${step + 1}`);
    await database.exec('COMMIT');
  } catch (error) {
    await rollBack(database);
    // The file holds already what a later schema brings: the number in its header is wrong.
    const isLater = /already exists|duplicate column/.test(messageOf(error));
    throw isLater ? damaged(file, error) : error;
  }
}

/** Rolls back; SQLite may have done it already (disk full, I/O error), which is as good. */
export async function rollBack(database: Database): Promise<void> {
  try {
    await database.exec('ROLLBACK');
  } catch (error) {
    if (!messageOf(error).includes('no transaction is active')) throw error;
  }
}

async function backUp(database: Database, file: string, version: number): Promise<void> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const copy = `${file}.v${version}-${time}.bak`;
  // One name for all, so that what a crash left of it is begun anew, and never looks like a copy.
  const partial = `${file}.bak.partial`;
  await rm(partial, { force: true });
  // VACUUM INTO accepts an empty file, and keeps the mode that it has.
  await prepareFile(partial, 0o600);
  try {
    await database.run('VACUUM INTO ?', [partial]);
    await renameForGood(partial, copy);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
