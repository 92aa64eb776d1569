import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Prepared, Writers } from './commit.js';
import { createCommitQueue, type CommitQueue } from './commit-queue.js';
import { eventRow, type PackedEventRow } from './event-row.js';
import { readFacts } from '../event-facts.js';
import type { Guess, PasswordNamer } from './guess.js';
import { openEventLogs, type EventLogs } from '../logs/event-logs.js';
import { createJsonbMaker, type JsonbWriter } from './jsonb.js';
import { mending, watchDatabaseFile, type DatabaseWatch } from '../database/file-watch.js';
import { createMaintenance, type DatabaseMaintenance } from '../upkeep/maintenance.js';
import { openLive, type LiveDatabase } from '../database/live-database.js';
import { noteInstance, openRows } from './open-rows.js';
import { explain } from '../database/migrate.js';
import { unpack } from './pack.js';
import { isDamage, type Database } from '../database/sqlite.js';
import { tallyEvent, type TalliedEvent } from '../statistics/tallied-event.js';
import type { Tallies } from '../statistics/tallies.js';
import { createMutex } from '../../core/common/mutex.js';
import type {
  LocalPersister,
  PackedBatch,
  PersisterOptions,
  PersisterReport,
} from './persister-types.js';

/**
 * Opens database and logs. Rejects with DATABASE_* or STATE_UNWRITABLE. Later failures reject
 * nothing: a batch that the disk does not take is tried again, in order, until it is taken; the
 * queue in front (queue.ts) is the bound. Logs are written at once, whatever the database does.
 */
export async function createPersister(
  options: PersisterOptions,
  report: (report: PersisterReport) => void,
): Promise<LocalPersister> {
  const { databaseFile } = options;
  const live = await openLive(databaseFile, options.waits);
  const { database } = live;
  const logs = await openLogs(options, report, database);
  const mutex = createMutex();
  const { writers, namer, ids } = await openRows(options, live, logs, mutex, report);
  const maintenance = createMaintenance(database, mutex);
  const commits = createCommitQueue(databaseFile, database, writers, mutex, report);
  const watch = watchDatabaseFile(live, mutex, report, async () => {
    await noteInstance(database, options.instanceId);
    commits.opened();
  });
  if (live.obstacle !== null) await beginWithout(live.obstacle, live, commits, report);

  const preparer = createPreparer(logs, namer, commits.add);

  /** All that waits is tried once more; rejects when something still waits after it. */
  const flush = async (): Promise<void> => {
    await preparer.idle();
    await logs.flush();
    await commits.settleDown();
    await commits.run();
    if (isDamage(commits.obstacle())) await watch.lookNow().then(() => commits.run());
    const obstacle = commits.obstacle();
    if (obstacle !== null) throw explain(databaseFile, obstacle);
    await mending(watch, () => writers.tallies.flush()).catch((error: unknown) => {
      throw explain(databaseFile, error);
    });
  };

  const settleDown = async (): Promise<void> => {
    await preparer.idle();
    await commits.settleDown();
  };
  const calls = createCalls(databaseFile, maintenance, settleDown, writers.tallies, watch);

  return {
    ...ids,
    accept: preparer.accept,
    room: async () => {
      await preparer.idle();
      await commits.room();
    },
    flush,
    ...calls,
    mend: watch.mend,
    reopenLog: () => logs.reopen(),
    archiveLogs: () => logs.archive(),
    close: async () => {
      try {
        await flush();
      } catch (error) {
        report({ kind: 'notice', text: `not all was stored: ${messageOf(error)}` });
      }
      commits.abandon();
      watch.end();
      await mutex.run(() => closeDatabase(database, writers, report));
      await logs.close();
    },
  };
}

/** The one word on a start without its database; `status` has the cause until it is open. */
async function beginWithout(
  obstacle: AgentError,
  live: LiveDatabase,
  commits: CommitQueue,
  report: (report: PersisterReport) => void,
): Promise<void> {
  await live.leaveStandIn();
  commits.stands(obstacle);
  const text =
    `WARNING: ${obstacle.message}: trap and blocking work with what could be read of it, and what ` +
    `comes waits in memory until it can be written; ${obstacle.remedy}`;
  report({ kind: 'notice', text });
}

/** Calls of the database that see what was written before them, unless it takes nothing at present. */
function createCalls(
  databaseFile: string,
  maintenance: DatabaseMaintenance,
  settleDown: () => Promise<void>,
  tallies: Tallies,
  watch: DatabaseWatch,
): DatabaseMaintenance {
  const afterWrites = async <Value>(call: () => Promise<Value>): Promise<Value> => {
    await settleDown();
    try {
      return await mending(watch, call);
    } catch (error) {
      throw error instanceof AgentError ? error : explain(databaseFile, error);
    }
  };
  /** What deletes or sums up sees the statistics of what was written, too. */
  const afterCounts = <Value>(call: () => Promise<Value>): Promise<Value> =>
    afterWrites(async () => {
      await tallies.flush();
      return call();
    });
  return {
    expireBlocks: (nowUs) => afterWrites(() => maintenance.expireBlocks(nowUs)),
    recordDrops: (drops) => afterWrites(() => maintenance.recordDrops(drops)),
    protectPeer: (peer) => afterWrites(() => maintenance.protectPeer(peer)),
    unprotectPeer: (name) => afterWrites(() => maintenance.unprotectPeer(name)),
    addToken: (token) => afterWrites(() => maintenance.addToken(token)),
    removeToken: (name) => afterWrites(() => maintenance.removeToken(name)),
    keepOutbox: (entries) => afterWrites(() => maintenance.keepOutbox(entries)),
    prune: (wanted) => afterCounts(() => maintenance.prune(wanted)),
    vacuum: (pages) => afterWrites(() => maintenance.vacuum(pages)),
    rollUp: (nowUs) => afterCounts(() => maintenance.rollUp(nowUs)),
    analyze: () => afterWrites(() => maintenance.analyze()),
  };
}

/** Prepares batches in their order, one after another, and gives each to `add`. */
function createPreparer(logs: EventLogs, namer: PasswordNamer, add: (batch: Prepared) => void) {
  const jsonb = createJsonbMaker();
  let preparing = Promise.resolve();
  return {
    accept: (batch: PackedBatch): void => {
      preparing = preparing.then(async () => {
        add(await prepare(batch, logs, namer, jsonb.writer()));
      });
    },
    /** Resolves when what was accepted before is prepared. */
    idle: (): Promise<void> => preparing,
  };
}

/**
 * Reads the messages of a batch and begins to log them. Event by event: what is kept until the
 * batch is committed is its row, and little else for the garbage collector to copy meanwhile. A few
 * at a time: SQLite, which commits the batch before in its own thread, waits between two statements
 * for this one.
 */
async function prepare(
  batch: PackedBatch,
  logs: EventLogs,
  namer: PasswordNamer,
  rows: JsonbWriter,
): Promise<Prepared> {
  const events: PackedEventRow[] = [];
  const guesses: Guess[] = [];
  const tallied: TalliedEvent[] = [];
  const lines = logs.begin();
  for (const record of unpack(batch.events)) {
    if (events.length % LIMITS.preparedEventsMax === 0) await turnOfLoop();
    const facts = readFacts(record);
    lines.add({ record, facts });
    const guess = namer.read(record, facts);
    if (guess !== null) guesses.push(guess);
    events.push(eventRow(record, facts, rows));
    tallied.push(tallyEvent(record, facts));
  }
  const { numbers, bytes, texts } = batch.events;
  const memory = { numbers, bytes, texts };
  return { ...batch, events, guesses, tallied, logged: lines.written(), memory, free: rows.free };
}

async function closeDatabase(
  database: Database,
  { inserter, tallies }: Writers,
  report: (report: PersisterReport) => void,
): Promise<void> {
  await inserter.finalize();
  await tallies.finalize();
  try {
    await database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    // The WAL stays beside the database and is read by the next one who opens it. An AgentError says
    // that there is no database at present, which is told.
    if (!(error instanceof AgentError))
      report({ kind: 'notice', text: `the WAL could not be moved: ${messageOf(error)}` });
  }
  await database.close();
}

async function openLogs(
  options: PersisterOptions,
  report: (report: PersisterReport) => void,
  database: Database,
): Promise<EventLogs> {
  try {
    return await openEventLogs(options, report);
  } catch (error) {
    await database.close();
    throw error;
  }
}
