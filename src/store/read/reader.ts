import { access, constants } from 'node:fs/promises';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Cidr } from '../../core/common/address.js';
import type { OutboxEntry } from '../../core/model/notice.js';
import type { Sighting } from '../../core/model/sighting.js';
import { followFile } from '../database/follow-file.js';
import {
  fileSize,
  isOfDisk,
  systemCode,
  unreadable,
  type FileIdentity,
} from '../database/files.js';
import { foreign, judgeForeign, newer, readPragma, refuseOtherId } from '../database/migrate.js';
import { MIGRATIONS } from '../database/schema.js';
import { createBlockListQueries, type BlockListQueries } from './read-block-lists.js';
import { createBlockQueries, type BlockQueries } from './read-blocks.js';
import { createEventQueries, type EventQueries } from './read-events.js';
import { createNumberQueries, type NumberQueries } from './read-numbers.js';
import { readOutbox } from './read-outbox.js';
import { createNetworkQueries, type NetworkQueries } from './read-networks.js';
import { createPasswordQueries, type PasswordQueries } from './read-passwords.js';
import { createSourceQueries, type SourceQueries } from './read-sources.js';
import { createStatsQueries, type StatsQueries } from './read-stats.js';
import { showSource, type SourceStory } from './read-source.js';
import { SIGHTING_ROW, storedSighting, type SightingRow } from '../rows.js';
import { openStandIn } from '../database/stand-in.js';
import { isDamage, openDatabase, sqliteCode, type Database } from '../database/sqlite.js';
import type { JobRun, StoredPeer, StoredToken } from '../types.js';

export interface RuleActivity {
  readonly rule: string;
  readonly sightings: number;
  readonly blocks: number;
}

export interface DatabaseSize {
  /** Bytes of the database file, and of its pages that hold nothing. */
  readonly bytes: number;
  readonly freeBytes: number;
  /** Bytes of the write-ahead log beside it. */
  readonly walBytes: number;
}

/** Reads the memory of an agent, running or not. Changes nothing. */
export interface Reader
  extends
    EventQueries,
    BlockQueries,
    BlockListQueries,
    NumberQueries,
    SourceQueries,
    NetworkQueries,
    PasswordQueries,
    StatsQueries {
  /** All that is known of an address, and of the network that counts as the same source. */
  readonly showSource: (address: string, around?: Cidr) => Promise<SourceStory | null>;
  /** Sightings and blocks of each rule since a moment, rules without any left out. */
  readonly ruleActivity: (sinceUs: number) => Promise<readonly RuleActivity[]>;
  /** Sightings since a moment, oldest first, the newest `restoredRowsMax` of them. */
  readonly recentSightings: (sinceUs: number) => Promise<readonly Sighting[]>;
  /** Peers that a command protected, by name. */
  readonly protectedPeers: () => Promise<readonly StoredPeer[]>;
  /** Tokens of the API, by name; those whose time is over, too. */
  readonly tokens: () => Promise<readonly StoredToken[]>;
  /** What waits to be told, oldest first, then so many that have ended, newest first. */
  readonly outbox: (ended: number) => Promise<readonly OutboxEntry[]>;
  /** The latest run of every job. */
  readonly jobRuns: () => Promise<readonly JobRun[]>;
  readonly databaseSize: () => Promise<DatabaseSize>;
  /** What is under way fails with SQLITE_INTERRUPT. */
  readonly interrupt: () => void;
  readonly close: () => Promise<void>;
}

/**
 * Opens a database read-only, also while an agent writes it; what takes its place later is read from
 * then on. `homeCountry`: where national numbers are dialled (ISO code). `mend`: has a damaged file
 * set aside by its writer; what met the damage is then read of the next one. `waits`: a disk that takes
 * nothing has a stand-in read until its writer could open it. Rejects with DATABASE_MISSING, DATABASE_UNREADABLE, DATABASE_FOREIGN or DATABASE_DAMAGED.
 */
export async function openReader(
  databaseFile: string,
  homeCountry: string | null = null,
  mend?: (identity: FileIdentity) => Promise<void>,
  waits = false,
): Promise<Reader> {
  const database = waits
    ? await followFile(
        databaseFile,
        () => openShared(databaseFile),
        mend,
        (error) => standInFor(databaseFile, error),
      )
    : await followFile(databaseFile, () => openReadOnly(databaseFile), mend);
  return createReader(database, databaseFile, homeCountry);
}

/** A reader of a database in which nothing is: what an agent that never ran has seen. */
export async function openEmptyReader(): Promise<Reader> {
  const database = await openDatabase(':memory:', 'write');
  for (const migration of MIGRATIONS) await database.exec(migration);
  return createReader(database, ':memory:', null);
}

function createReader(
  database: Database,
  databaseFile: string,
  homeCountry: string | null,
): Reader {
  return {
    ...createEventQueries(database),
    ...createBlockQueries(database),
    ...createBlockListQueries(database),
    ...createNumberQueries(database, homeCountry),
    ...createSourceQueries(database),
    ...createNetworkQueries(database),
    ...createPasswordQueries(database),
    ...createStatsQueries(database),
    showSource: (address, around) => showSource(database, address, around),
    ruleActivity: (sinceUs) => ruleActivity(database, sinceUs),
    recentSightings: async (sinceUs) => {
      const rows = await database.all<SightingRow>(
        `SELECT ${SIGHTING_ROW} FROM sightings WHERE at_us >= ? ORDER BY at_us DESC, id DESC LIMIT ?`,
        [sinceUs, LIMITS.restoredRowsMax],
      );
      return rows.map(storedSighting).reverse();
    },
    protectedPeers: () =>
      database.all<StoredPeer>(
        'SELECT name, added_at_us AS addedAtUs, note FROM protected_peers ORDER BY name LIMIT ?',
        [LIMITS.protectedPeersMax],
      ),
    tokens: () =>
      database.all<StoredToken>(
        `SELECT name, scope, hash, created_at_us AS createdAtUs, expires_at_us AS expiresAtUs
         FROM api_tokens ORDER BY name LIMIT ?`,
        [LIMITS.apiTokensMax],
      ),
    outbox: (ended) => readOutbox(database, ended),
    jobRuns: () => jobRuns(database),
    databaseSize: () => databaseSize(database, databaseFile),
    interrupt: () => {
      database.interrupt();
    },
    close: () => database.close(),
  };
}

async function refuseUnreadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
    // What SQLite itself leaves before its first transaction, and a start on a full disk.
    if ((await fileSize(file)) === 0) throw missing(file);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const code = systemCode(error);
    throw code === 'ENOENT' || code === 'ENOTDIR' ? missing(file, error) : unreadable(file, error);
  }
}

const missing = (file: string, cause?: unknown): AgentError =>
  new AgentError(
    'DATABASE_MISSING',
    `there is no database ${file} yet`,
    'start the agent (sentrypeer-agent run), or name its database with -c FILE',
    cause,
  );

async function openReadOnly(file: string): Promise<Database> {
  await refuseUnreadable(file);
  try {
    return await openChecked(file, 'read');
  } catch (error) {
    const code = sqliteCode(error);
    const noSides = code === 'SQLITE_CANTOPEN' || code === 'SQLITE_READONLY' || isOfDisk(error);
    if (noSides && code !== null) return openAlone(file, error);
    throw await explainReading(file, error);
  }
}

/** As the agent reads, whose own writer has it open, too. */
async function openShared(file: string): Promise<Database> {
  await refuseUnreadable(file);
  try {
    return await openChecked(file, 'read');
  } catch (error) {
    throw await explainReading(file, error);
  }
}

async function explainReading(file: string, error: unknown): Promise<AgentError> {
  if (error instanceof AgentError) return error;
  return isDamage(error) ? judgeForeign(file, error) : unreadable(file, error);
}

/** Where the writer has no database either. Rejects with the error where another thing is wrong. */
async function standInFor(file: string, error: unknown): Promise<Database> {
  // A file that the writer could not fill, or an older schema that it could not bring up to date.
  const isHalfMade = error instanceof AgentError && HALF_MADE.has(error.code);
  if (isOfDisk(error) || isHalfMade) return openStandIn(file);
  throw error;
}

const HALF_MADE: ReadonlySet<string> = new Set([
  'DATABASE_MISSING',
  'DATABASE_FOREIGN',
  'DATABASE_OLDER',
]);

/**
 * SQLite reads a WAL database through a file of shared memory, which it may not make in a folder
 * that this user cannot write, and cannot make on a full disk. Without a WAL the main file is complete
 * by itself.
 */
async function openAlone(file: string, cause: unknown): Promise<Database> {
  try {
    if (((await fileSize(`${file}-wal`)) ?? 0) === 0) return await openChecked(file, 'inspect');
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw unreadable(file, error);
  }
  throw unreadable(file, cause);
}

async function openChecked(file: string, mode: 'read' | 'inspect'): Promise<Database> {
  const database = await openDatabase(file, mode);
  try {
    await database.exec(`PRAGMA busy_timeout = ${LIMITS.databaseBusyMsMax}`);
    await refuseOtherId(database, file);
    const row = await database.get("SELECT 1 FROM sqlite_schema WHERE name = 'events'");
    if (row === null) throw foreign(file, 'it has no table of events');
    await refuseOtherSchema(database, file);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function refuseOtherSchema(database: Database, file: string): Promise<void> {
  const schema = await readPragma(database, 'user_version');
  if (schema > MIGRATIONS.length) throw newer(file, schema);
  if (schema === MIGRATIONS.length) return;
  throw new AgentError(
    'DATABASE_OLDER',
    `the database ${file} has schema ${schema}, this program needs ${MIGRATIONS.length}`,
    'start the agent, or type `sentrypeer-agent db migrate`: a copy is made first',
  );
}

function ruleActivity(database: Database, sinceUs: number): Promise<RuleActivity[]> {
  return database.all<RuleActivity>(
    `SELECT rule, sum(sightings) AS sightings, sum(blocks) AS blocks FROM (
       SELECT rule, count(*) AS sightings, 0 AS blocks
         FROM sightings WHERE at_us >= ? GROUP BY rule
       UNION ALL
       SELECT rule, 0, count(*) FROM blocks
         WHERE created_at_us >= ? AND rule IS NOT NULL GROUP BY rule
     ) GROUP BY rule ORDER BY rule`,
    [sinceUs, sinceUs],
  );
}

function jobRuns(database: Database): Promise<JobRun[]> {
  return database.all<JobRun>(
    `SELECT name, started_at_us AS startedAtUs, finished_at_us AS finishedAtUs, result, detail
     FROM job_runs WHERE id IN (SELECT max(id) FROM job_runs GROUP BY name) ORDER BY name`,
  );
}

async function databaseSize(database: Database, file: string): Promise<DatabaseSize> {
  const pageBytes = await readPragma(database, 'page_size');
  return {
    bytes: (await readPragma(database, 'page_count')) * pageBytes,
    freeBytes: (await readPragma(database, 'freelist_count')) * pageBytes,
    walBytes: (await fileSize(`${file}-wal`)) ?? 0,
  };
}
