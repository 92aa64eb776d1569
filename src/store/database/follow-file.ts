import { LIMITS } from '../../core/common/limits.js';
import { AgentError } from '../../core/common/errors.js';
import { identityOf, type FileIdentity } from './files.js';
import { explain } from './migrate.js';
import { isDamage, type Database } from './sqlite.js';

/**
 * A database that is read for long, while the file of its name may be removed or replaced: before a
 * query, at most once a second, the file is looked at, and the one that is there now is read from
 * then on. While that one cannot be opened, the old one is. Has no statements that last. `mend` has a
 * damaged file replaced: a query that met the damage is asked once more then. `standIn`: what is read
 * while the file cannot be opened as yet.
 */
export async function followFile(
  file: string,
  open: () => Promise<Database>,
  mend?: (identity: FileIdentity) => Promise<void>,
  standIn?: (error: unknown) => Promise<Database>,
): Promise<Database> {
  let { current, opened } = await openFirst(file, open, mend, standIn);
  let lookedAtMs = performance.now();
  let looking: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    const found = await identityOf(file);
    if (found === opened || found === 'absent' || found === 'unknown') return;
    let next: Database;
    try {
      next = await open();
    } catch {
      // It may be half made: it is tried again with the next query.
      return;
    }
    const old = current;
    current = next;
    opened = found;
    // The package lets queries that are under way end first.
    await old.close();
  };

  const use = async <Value>(query: (database: Database) => Promise<Value>): Promise<Value> => {
    if (performance.now() - lookedAtMs >= LIMITS.databaseLookMs) {
      lookedAtMs = performance.now();
      looking = looking.then(look);
    }
    await looking;
    const asked = { database: current, identity: opened };
    try {
      return await query(asked.database);
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (mend !== undefined) {
        await mend(asked.identity);
        looking = looking.then(look);
        await looking;
        if (current !== asked.database) return query(current);
      }
      throw explain(file, error);
    }
  };

  return {
    run: (sql, values) => use((each) => each.run(sql, values)),
    exec: (sql) => use((each) => each.exec(sql)),
    all: (sql, values) => use((each) => each.all(sql, values)),
    get: (sql, values) => use((each) => each.get(sql, values)),
    prepare: (sql) => use((each) => each.prepare(sql)),
    interrupt: () => {
      current.interrupt();
    },
    close: async () => {
      await looking;
      await current.close();
    },
  };
}

async function openFirst(
  file: string,
  open: () => Promise<Database>,
  mend?: (identity: FileIdentity) => Promise<void>,
  standIn?: (error: unknown) => Promise<Database>,
): Promise<{ current: Database; opened: FileIdentity }> {
  try {
    const current = await openMended(file, open, mend);
    return { current, opened: await identityOf(file) };
  } catch (error) {
    if (standIn === undefined) throw error;
    // The identity of no file: each look tries to open the one that is there.
    return { current: await standIn(error), opened: 'stand-in' };
  }
}

async function openMended(
  file: string,
  open: () => Promise<Database>,
  mend?: (identity: FileIdentity) => Promise<void>,
): Promise<Database> {
  try {
    return await open();
  } catch (error) {
    const damaged = error instanceof AgentError && error.code === 'DATABASE_DAMAGED';
    if (!damaged || mend === undefined) throw error;
    await mend(await identityOf(file));
    return open();
  }
}
