import { rm } from 'node:fs/promises';
import { AgentError } from '../core/model/errors.js';
import { identityOf, type FileIdentity } from './files.js';
import { openForWriting } from './migrate.js';
import { describeSalvage, isMarkedDamaged, salvageDatabase } from './salvage.js';
import { sqliteCode, type Database, type SqlValue, type Statement } from './sqlite.js';

/** A database whose file may be removed, replaced or damaged while it is open. */
export interface LiveDatabase {
  /** Stands for whatever file is open at the time; its statements do, too. */
  readonly database: Database;
  /**
   * Opens the file anew where it is no longer the one that is open, or is damaged, which is set aside
   * then. Resolves with what was done, a sentence; null when all is well. Rejects with an AgentError
   * when there is none to open: then every call rejects with the same. Only between transactions.
   */
  look(): Promise<string | null>;
}

interface Identity {
  readonly file: FileIdentity;
  readonly wal: FileIdentity;
}

/** Rejects as openForWriting does. */
export async function openLive(file: string): Promise<LiveDatabase> {
  const handle = createHandle(await openForWriting(file));
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
    look: async () => {
      if (handle.isDamaged() || (await isMarkedDamaged(file))) return setAside();
      const found = await identify(file);
      const same = found.file === opened.file || found.file === 'unknown';
      if (same && handle.isOpen()) {
        // The WAL is made by the first write, and made anew.
        opened = found;
        return null;
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

interface Handle {
  readonly database: Database;
  take(database: Database): void;
  /** There is none, and why; every call rejects with it. */
  leaveFor(reason: unknown, damaged: boolean): void;
  isOpen(): boolean;
  /** A call has met damage. */
  isDamaged(): boolean;
  close(): Promise<void>;
}

function createHandle(first: Database): Handle {
  let current: Database | null = first;
  let absentFor: unknown = null;
  let damaged = false;
  const statements = new Set<LiveStatement>();

  const use = async <Value>(work: (database: Database) => Promise<Value>): Promise<Value> => {
    if (current === null) throw absentFor;
    try {
      return await work(current);
    } catch (error) {
      const code = sqliteCode(error);
      if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') damaged = true;
      throw error;
    }
  };

  const close = async (): Promise<void> => {
    const old = current;
    current = null;
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
    prepare: async (sql) => {
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
    },
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
    isOpen: () => current !== null,
    isDamaged: () => damaged,
    close,
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
  return { file: await identityOf(file), wal: await identityOf(`${file}-wal`) };
}

async function removeSides(file: string): Promise<void> {
  for (const side of ['-wal', '-shm']) await rm(`${file}${side}`, { force: true });
}
