import { rm } from 'node:fs/promises';
import { AgentError } from '../../core/common/errors.js';
import {
  identityOf,
  isFolder,
  isOfDisk,
  resolveLinks,
  unwritable,
  type FileIdentity,
} from './files.js';
import { openForWriting } from './migrate.js';
import { describeSalvage, isMarkedDamaged, salvageDatabase } from './salvage.js';
import { openStandIn } from './stand-in.js';
import { isDamage, type Database, type SqlValue, type Statement } from './sqlite.js';

/** A database whose file may be removed, replaced or damaged while it is open. */
export interface LiveDatabase {
  /** Stands for whatever file is open at the time; its statements do, too. */
  readonly database: Database;
  /** Why a database in memory stands in for it as yet; null: it is open. */
  readonly obstacle: AgentError | null;
  /** The stand-in has been read: it is closed, and every call rejects until look() opens the file. */
  leaveStandIn(): Promise<void>;
  /**
   * Opens the file anew where it is no longer the one that is open, or is damaged, which is set aside
   * then. Resolves with what was done, a sentence; null when all is well. Rejects with an AgentError
   * when there is none to open: then every call rejects with the same. Only between transactions.
   */
  look(): Promise<string | null>;
  /** Somebody who reads the file has met damage: sets it aside unless another one is open by now. */
  mend(identity: FileIdentity): Promise<string | null>;
}

interface Identity {
  readonly file: FileIdentity;
  readonly wal: FileIdentity;
}

/**
 * Rejects as openForWriting does. `waits`: where its disk takes nothing at present, what is in it is
 * read (openStandIn), and it is opened by a later look.
 */
export async function openLive(file: string, waits = false): Promise<LiveDatabase> {
  const { first, obstacle } = await openFirst(file, waits);
  const handle = createHandle(first);
  let opened = await identify(file);

  const reopen = async (): Promise<void> => {
    try {
      handle.take(await openForWriting(file));
    } catch (error) {
      const damaged = error instanceof AgentError && error.code === 'DATABASE_DAMAGED';
      handle.leaveFor(error, damaged);
      throw error;
    }
    opened = await identify(file);
  };

  const setAside = async (): Promise<string> => {
    await handle.close();
    const salvage = await salvageDatabase(file, Date.now());
    await reopen();
    return describeSalvage(salvage);
  };

  return {
    database: handle.database,
    obstacle,
    leaveStandIn: async () => {
      if (obstacle === null) return;
      await handle.close();
      handle.leaveFor(obstacle, false);
    },
    mend: async (identity) => (identity === opened.file && handle.isOpen() ? setAside() : null),
    look: async () => {
      // Its rows and its WAL are safe where they are: it may come back.
      if (await isFolder(file)) {
        const reason = unwritable(file, new Error('it is a folder'));
        handle.pause(reason);
        throw reason;
      }
      const paused = handle.goOn();
      if (handle.isDamaged() || (await isMarkedDamaged(file))) return setAside();
      const found = await identify(file);
      const same = found.file === opened.file || found.file === 'unknown';
      if (same && handle.isOpen()) {
        // The WAL is made by the first write, and made anew.
        opened = found;
        return paused ? `${file} can be written again` : null;
      }
      await handle.close();
      // What is left of the WAL belongs to the file that is gone: SQLite would put it into the next.
      const absent = found.file === 'absent';
      if (absent || (!same && found.wal === opened.wal)) await removeSides(file);
      await reopen();
      if (same) return `${file} can be opened again`;
      return absent
        ? `${file} was removed: a new database is begun`
        : `${file} was replaced: the file that is there now is written`;
    },
  };
}

async function openFirst(file: string, waits: boolean) {
  try {
    return { first: await openForWriting(file), obstacle: null };
  } catch (error) {
    if (!waits || !(error instanceof AgentError) || !isOfDisk(error)) throw error;
    return { first: await openStandIn(file), obstacle: error };
  }
}

interface Handle {
  readonly database: Database;
  take(database: Database): void;
  /** There is none, and why; every call rejects with it. */
  leaveFor(reason: unknown, damaged: boolean): void;
  /** Stays open, and takes nothing until goOn(), which tells whether it was paused. */
  pause(reason: unknown): void;
  goOn(): boolean;
  isOpen(): boolean;
  /** A call has met damage. */
  isDamaged(): boolean;
  close(): Promise<void>;
}

function createHandle(first: Database): Handle {
  let current: Database | null = first;
  let absentFor: unknown = null;
  let damaged = false;
  let paused = false;
  const statements = new Set<LiveStatement>();

  const use = async <Value>(work: (database: Database) => Promise<Value>): Promise<Value> => {
    if (current === null || paused) throw absentFor;
    try {
      return await work(current);
    } catch (error) {
      if (isDamage(error)) damaged = true;
      throw error;
    }
  };

  const close = async (): Promise<void> => {
    const old = current;
    current = null;
    paused = false;
    // SQLite leaves the WAL as it is when the file was moved meanwhile, and its rows would be lost.
    await old?.exec('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => undefined);
    // An open statement keeps its connection open.
    for (const statement of statements) await statement.leave();
    // Nothing is under way on it: what it could not write is told by whoever wrote.
    await old?.close().catch(() => undefined);
  };

  const database: Database = {
    run: (sql, values) => use((each) => each.run(sql, values)),
    exec: (sql) => use((each) => each.exec(sql)),
    all: (sql, values) => use((each) => each.all(sql, values)),
    get: (sql, values) => use((each) => each.get(sql, values)),
    prepare: (sql) => prepareLive(sql, use, statements),
    interrupt: () => current?.interrupt(),
    close,
  };

  return {
    database,
    take: (next) => {
      current = next;
      damaged = false;
    },
    leaveFor: (reason, isDamage) => {
      absentFor = reason;
      damaged = isDamage;
    },
    pause: (reason) => {
      absentFor = reason;
      paused = true;
    },
    goOn: () => {
      const was = paused;
      paused = false;
      return was;
    },
    isOpen: () => current !== null,
    isDamaged: () => damaged,
    close,
  };
}

async function prepareLive(
  sql: string,
  use: <Value>(work: (database: Database) => Promise<Value>) => Promise<Value>,
  statements: Set<LiveStatement>,
): Promise<Statement> {
  const statement = createLiveStatement(sql, use);
  await statement.ready();
  statements.add(statement);
  return {
    run: (values) => statement.run(values),
    finalize: async () => {
      statements.delete(statement);
      await statement.leave();
    },
  };
}

/** A statement that is prepared again on the next connection. */
interface LiveStatement {
  ready(): Promise<Statement>;
  run(values: readonly SqlValue[]): Promise<number>;
  leave(): Promise<void>;
}

function createLiveStatement(
  sql: string,
  use: <Value>(work: (database: Database) => Promise<Value>) => Promise<Value>,
): LiveStatement {
  let prepared: Statement | null = null;
  const ready = async (): Promise<Statement> =>
    (prepared ??= await use((database) => database.prepare(sql)));
  return {
    ready,
    run: async (values) => {
      const statement = await ready();
      return use(() => statement.run(values));
    },
    leave: async () => {
      const old = prepared;
      prepared = null;
      await old?.finalize();
    },
  };
}

async function identify(file: string): Promise<Identity> {
  const wal = `${await resolveLinks(file)}-wal`;
  return { file: await identityOf(file), wal: await identityOf(wal) };
}

async function removeSides(file: string): Promise<void> {
  const realFile = await resolveLinks(file);
  for (const side of ['-wal', '-shm']) await rm(`${realFile}${side}`, { force: true });
}
