import { AgentError } from '../../core/common/errors.js';
import type { Mutex } from '../../core/common/mutex.js';
import type { Writers } from './commit.js';
import { openCountries } from '../statistics/countries.js';
import type { EventLogs } from '../logs/event-logs.js';
import { createPasswordNamer, type PasswordNamer } from './guess.js';
import { createInserter } from './insert.js';
import type { LiveDatabase } from '../database/live-database.js';
import { explain } from '../database/migrate.js';
import { readNextIds } from './next-ids.js';
import { readPasswordLists } from './password-list.js';
import { isDamage, type Database } from '../database/sqlite.js';
import { openTallies } from '../statistics/tallies.js';
import type { PersisterOptions, PersisterReport } from './persister-types.js';

/**
 * What a start reads and writes of the rows. Damage that it meets has the database set aside, and is
 * no reason not to start. Rejects with an AgentError, and then nothing stays open.
 */
export async function openRows(
  options: PersisterOptions,
  live: LiveDatabase,
  logs: EventLogs,
  mutex: Mutex,
  report: (report: PersisterReport) => void,
) {
  const { database } = live;
  const open = async () => {
    await noteInstance(database, options.instanceId);
    const { writers, namer } = await openWriters(options, database, mutex, report);
    return { writers, namer, ids: await readNextIds(database) };
  };
  try {
    return await open().catch(async (error: unknown) => {
      if (!isDamage(error)) throw error;
      const done = await live.look();
      if (done !== null) report({ kind: 'notice', text: done });
      return open();
    });
  } catch (error) {
    await logs.close();
    await database.close();
    throw error instanceof AgentError ? error : explain(options.databaseFile, error);
  }
}

/** For the view `honey`, whose rows name who made them. */
export async function noteInstance(database: Database, instanceId: string): Promise<void> {
  if (instanceId === '') return;
  await database.run("INSERT OR REPLACE INTO meta (name, value) VALUES ('instance_id', ?)", [
    instanceId,
  ]);
}

/** What reads events and writes rows. A file that helps and cannot be used is told, no more. */
async function openWriters(
  options: PersisterOptions,
  database: Database,
  mutex: Mutex,
  report: (report: PersisterReport) => void,
): Promise<{ writers: Writers; namer: PasswordNamer }> {
  const { words, notices } = await readPasswordLists(options.passwordFiles);
  const { countryOf, problem } = await openCountries(options.countryFile);
  for (const text of [...notices, ...(problem === null ? [] : [problem])])
    report({ kind: 'notice', text });
  const tallies = await openTallies(database, mutex, countryOf, options.homeCountry, (text) => {
    report({ kind: 'notice', text });
  });
  return {
    writers: { inserter: createInserter(database), tallies },
    namer: createPasswordNamer(words),
  };
}
