import sqlite3 from 'sqlite3';

/**
 * The only file that knows the npm package `sqlite3`: its callbacks as promises. A Uint8Array is a
 * BLOB; a number is an INTEGER where it is whole and the column is one.
 */
export type SqlValue = string | number | null | Uint8Array;

export interface Statement {
  /** Resolves with the number of rows changed. */
  run(values: readonly SqlValue[]): Promise<number>;
  finalize(): Promise<void>;
}

export interface Database {
  /** Resolves with the number of rows changed. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
  /** Several statements, without values. */
  exec(sql: string): Promise<void>;
  /** `Row` is what the caller's SQL selects: the names of its columns with their types. */
  all<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
  get<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row | null>;
  prepare(sql: string): Promise<Statement>;
  /** What is under way fails with SQLITE_INTERRUPT. */
  interrupt(): void;
  /** Closing twice is closing once. */
  close(): Promise<void>;
}

/**
 * `write`: read and write, made when absent. `read`: read only. `inspect`: the main file alone,
 * without a lock and without any side file, for a file that may not be ours and must stay as it is.
 * `memory`: none at all; what it attaches may be named by uriOf().
 */
export type OpenMode = 'write' | 'read' | 'inspect' | 'memory';

/** SQLite has met a page or a header that it cannot make sense of. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB';
}

/** Opens a database file. Rejects with the package's error; see sqliteCode. */
export function openDatabase(file: string, mode: OpenMode): Promise<Database> {
  const { name, flags } = target(file, mode);
  return new Promise((resolve, reject) => {
    const handle = new sqlite3.Database(name, flags, (error) => {
      if (error === null) resolve(wrap(handle));
      else reject(error);
    });
  });
}

/** SQLite's name of what went wrong, such as `SQLITE_BUSY`; null when it is no error of SQLite. */
export function sqliteCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : null;
}

function target(file: string, mode: OpenMode): { name: string; flags: number } {
  switch (mode) {
    case 'write':
      return { name: file, flags: sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE };
    case 'read':
      return { name: file, flags: sqlite3.OPEN_READONLY };
    case 'inspect':
      return {
        name: uriOf(file, 'immutable=1'),
        flags: sqlite3.OPEN_READONLY | sqlite3.OPEN_URI,
      };
    case 'memory':
      return {
        name: ':memory:',
        flags: sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE | sqlite3.OPEN_URI,
      };
  }
}

/** A URI path: what would end or change it is escaped (https://sqlite.org/uri.html). */
export const uriOf = (file: string, query: string): string =>
  `file:${encodeURIComponent(file).replaceAll('%2F', '/')}?${query}`;

function wrap(handle: sqlite3.Database): Database {
  let closed: Promise<void> | null = null;
  return {
    run: (sql, values = []) =>
      new Promise((resolve, reject) => {
        handle.run(sql, values, function (error) {
          if (error === null) resolve(this.changes);
          else reject(error);
        });
      }),
    exec: (sql) =>
      new Promise((resolve, reject) => {
        handle.exec(sql, settle(resolve, reject));
      }),
    all: <Row>(sql: string, values: readonly SqlValue[] = []) =>
      new Promise<Row[]>((resolve, reject) => {
        handle.all(sql, values, (error: Error | null, rows: Row[]) => {
          if (error === null) resolve(rows);
          else reject(error);
        });
      }),
    get: <Row>(sql: string, values: readonly SqlValue[] = []) =>
      new Promise<Row | null>((resolve, reject) => {
        handle.get(sql, values, (error: Error | null, row: Row | undefined) => {
          if (error === null) resolve(row ?? null);
          else reject(error);
        });
      }),
    prepare: (sql) =>
      new Promise((resolve, reject) => {
        const statement = handle.prepare(sql, (error) => {
          if (error === null) resolve(wrapStatement(statement));
          else reject(error);
        });
      }),
    interrupt: () => {
      handle.interrupt();
    },
    close: () => {
      closed ??= new Promise((resolve, reject) => {
        handle.close(settle(resolve, reject));
      });
      return closed;
    },
  };
}

function wrapStatement(statement: sqlite3.Statement): Statement {
  return {
    run: (values) =>
      new Promise((resolve, reject) => {
        statement.run(values, function (error: Error | null) {
          if (error === null) resolve(this.changes);
          else reject(error);
        });
      }),
    finalize: () =>
      new Promise((resolve) => {
        statement.finalize(() => {
          resolve();
        });
      }),
  };
}

function settle(resolve: () => void, reject: (error: Error) => void) {
  return (error: Error | null): void => {
    if (error === null) resolve();
    else reject(error);
  };
}
