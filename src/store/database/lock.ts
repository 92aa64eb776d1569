import { AgentError } from '../../core/common/errors.js';
import {
  fileExists,
  identityOf,
  isOfDisk,
  prepareFile,
  systemCode,
  unreadable,
  unwritable,
} from './files.js';
import { rollBack } from './migrate.js';
import { openDatabase, sqliteCode, type Database } from './sqlite.js';
import { createMutex } from '../../core/common/mutex.js';

export interface Lock {
  /** Gives the lock back. */
  readonly release: () => Promise<void>;
  /** Takes the place anew where its file was removed, for nobody sees it then. Rejects as takeLock does. */
  readonly renew: () => Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly started_at: string;
}

/** A taker waits out those who only look whether the lock is held. */
const TAKE_BUSY_MS = 1_000;
/** Those wait for each other, and not for long where the process that was last noted is alive. */
const LOOK_BUSY_MS = 100;
const LOOK_AT_LIVING_BUSY_MS = 5;

/**
 * What is held. The package closes a connection that nothing refers to when it is collected as
 * garbage, and the lock would go with it.
 */
const held = new Set<Database>();

/** How often the pid is written anew when another one wrote in the moment between. */
const ATTEMPTS_MAX = 3;

/**
 * Takes the one place of an agent for a database. It is an SQLite write transaction on
 * `<database>.lock` that stays open, hence a POSIX lock, which the operating system frees when the
 * process ends, however it ends. The pid is committed before, so that others can read it.
 * Rejects with AGENT_RUNNING, which names the holder, or with STATE_UNWRITABLE.
 */
export async function takeLock(databaseFile: string): Promise<Lock> {
  const file = lockFileOf(databaseFile);
  let database = await takeFile(databaseFile);
  let taken = await identityOf(file);
  const mutex = createMutex();
  const release = async (): Promise<void> => {
    if (!held.delete(database)) return;
    await rollBack(database);
    await database.close();
  };
  return {
    release: () => mutex.run(release),
    renew: () =>
      mutex.run(async () => {
        if (!held.has(database) || (await identityOf(file)) === taken) return;
        const next = await takeFile(databaseFile);
        await release();
        database = next;
        taken = await identityOf(file);
      }),
  };
}

async function takeFile(databaseFile: string): Promise<Database> {
  const file = lockFileOf(databaseFile);
  await prepareFile(file, 0o600);
  let database: Database;
  try {
    database = await openDatabase(file, 'write');
  } catch (error) {
    throw unwritable(file, error);
  }
  try {
    // A journal in memory: what is noted here may be lost, and a full disk must not stop a start.
    await database.exec(`PRAGMA busy_timeout = ${TAKE_BUSY_MS}; PRAGMA journal_mode = MEMORY`);
    await holdAnyway(database);
  } catch (error) {
    const busy = sqliteCode(error) === 'SQLITE_BUSY';
    const holder = busy ? await readHolder(database) : null;
    await database.close();
    throw busy ? running(databaseFile, holder) : unwritable(file, error);
  }
  held.add(database);
  return database;
}

/**
 * Process id of the agent that has the database; null when none has it. Takes nothing. Rejects with
 * DATABASE_UNREADABLE when this user may not look.
 */
export async function lockHolder(databaseFile: string): Promise<number | null> {
  const file = lockFileOf(databaseFile);
  try {
    if (!(await fileExists(file))) return null;
    const database = await openDatabase(file, 'write');
    try {
      return await readHolderPid(database);
    } finally {
      await database.close();
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function readHolderPid(database: Database): Promise<number | null> {
  const noted = (await readHolder(database).catch(() => null))?.pid ?? null;
  const busyMs = noted !== null && isAlive(noted) ? LOOK_AT_LIVING_BUSY_MS : LOOK_BUSY_MS;
  try {
    // A journal in memory, as the taker has it: to look must need no room.
    await database.exec(
      `PRAGMA busy_timeout = ${busyMs}; PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE`,
    );
    await rollBack(database);
    return null;
  } catch (error) {
    if (sqliteCode(error) !== 'SQLITE_BUSY') throw error;
    return (await readHolder(database))?.pid ?? null;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

const lockFileOf = (databaseFile: string): string => `${databaseFile}.lock`;

/** On a full disk nobody can read who holds the lock, but it is held. */
async function holdAnyway(database: Database): Promise<void> {
  try {
    await hold(database);
  } catch (error) {
    if (!isOfDisk(error)) throw error;
    await rollBack(database);
    await database.exec('BEGIN IMMEDIATE');
  }
}

async function hold(database: Database): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await database.exec('BEGIN IMMEDIATE');
    await database.exec(
      'CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL, started_at TEXT NOT NULL)',
    );
    await database.exec('DELETE FROM holder');
    const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();
    await database.run('INSERT INTO holder (pid, started_at) VALUES (?, ?)', [
      process.pid,
      startedAt,
    ]);
    await database.exec('COMMIT');
    await database.exec('BEGIN IMMEDIATE');
    // Between the two transactions another one may have written its pid and then lost the race.
    const holder = await readHolder(database);
    if (holder?.pid === process.pid || attempt === ATTEMPTS_MAX) return;
    await rollBack(database);
  }
}

function readHolder(database: Database): Promise<Holder | null> {
  return database.get<Holder>('SELECT pid, started_at FROM holder');
}

function running(databaseFile: string, holder: Holder | null): AgentError {
  const who = holder === null ? 'another process' : `process ${holder.pid}`;
  const since = holder === null ? '' : `, running since ${holder.started_at}`;
  return new AgentError(
    'AGENT_RUNNING',
    `the database ${databaseFile} is in use by ${who}${since}`,
    'stop that agent first, or name another file with database_file',
  );
}
