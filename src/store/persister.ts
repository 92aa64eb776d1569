import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { AgentError } from '../core/model/errors.js';
import { LIMITS } from '../core/model/limits.js';
import type { JsonFormatName } from '../core/model/log-format.js';
import type { Prepared, Writers } from './commit.js';
import { createCommitQueue } from './commit-queue.js';
import type { LogOrigin } from './event-lines.js';
import { eventRow, type EventRow } from './event-row.js';
import { readFacts } from './facts.js';
import { messageOf } from './files.js';
import type { Guess, PasswordNamer } from './guess.js';
import { openEventLogs, type EventLogs } from './event-logs.js';
import { createJsonbMaker, type JsonbWriter } from './jsonb.js';
import { mending, watchDatabaseFile, type DatabaseWatch } from './file-watch.js';
import { createMaintenance, type DatabaseMaintenance } from './maintenance.js';
import { openLive } from './live-database.js';
import { noteInstance, openRows } from './open-rows.js';
import { explain } from './migrate.js';
import { unpack, type PackedEvents, type PackMemory } from './pack.js';
import type { RemoteCounts, RemoteOptions } from './remote/remote-logs.js';
import type { Rotation } from './rotate.js';
import { isDamage, type Database } from './sqlite.js';
import { tallyEvent, type TalliedEvent } from './tallied-event.js';
import type { Tallies } from './tallies.js';
import { createTurns } from '../core/model/turns.js';
import type { Maintenance, StoreBatch } from './types.js';

export interface PersisterOptions extends LogOrigin {
  readonly databaseFile: string;
  readonly jsonLogFile: string | null;
  readonly logFile: string | null;
  /** Lists of passwords by which guesses are named; one that is not there is no list. */
  readonly passwordFiles: readonly string[];
  readonly jsonLogFormat: JsonFormatName;
  readonly rotation: Rotation;
  /** Database of countries (mmdb); null: countries are not counted. */
  readonly countryFile: string | null;
  /** ISO code of the country whose national numbers are dialled here; null: none is assumed. */
  readonly homeCountry: string | null;
  /** Null: events go to files alone. */
  readonly remote: RemoteOptions | null;
}

/** What the persister tells the one who feeds it. */
export type PersisterReport =
  | {
      /** A batch has left the queue: its rows are committed, or given up. */
      readonly kind: 'settled';
      readonly events: number;
      readonly bytes: number;
      readonly decisions: number;
      readonly committed: boolean;
      /** What the events were packed in, to be used again; null: none, or it is still looked at. */
      readonly memory: PackMemory | null;
    }
  | { readonly kind: 'logged'; readonly jsonLines: number; readonly linesLost: number }
  /** Writing fails (a reason) or works again (null). */
  | { readonly kind: 'health'; readonly error: string | null }
  /** How events fare on their way to a syslog server and the journal, since the start. */
  | { readonly kind: 'remote'; readonly counts: RemoteCounts }
  /** Another file is written than before: it may lack what only memory has. */
  | { readonly kind: 'renewed' }
  | { readonly kind: 'notice'; readonly text: string };

/** A batch as the queue hands it over. */
export interface PackedBatch extends Omit<StoreBatch, 'events'> {
  readonly events: PackedEvents;
}

/** The one writer: owns the database connection and the event logs. */
export interface Persister extends Maintenance {
  readonly nextEventId: number;
  readonly nextBlockId: number;
  accept(batch: PackedBatch): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** The writer where it is, in this thread. */
export interface LocalPersister extends Persister {
  /** Resolves when the next batch had better be given; until then it waits cheaper outside. */
  room(): Promise<void>;
}

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
  const live = await openLive(databaseFile);
  const { database } = live;
  const logs = await openLogs(options, report, database);
  const turns = createTurns();
  const { writers, namer, ids } = await openRows(options, live, logs, turns, report);
  const maintenance = createMaintenance(database, turns);
  const commits = createCommitQueue(databaseFile, database, writers, turns, report);
  const watch = watchDatabaseFile(live, turns, report, async () => {
    await noteInstance(database, options.instanceId);
  });

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
      await turns.take(() => closeDatabase(database, writers, report));
      await logs.close();
    },
  };
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
  const events: EventRow[] = [];
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
    // The WAL stays beside the database and is read by the next one who opens it.
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
