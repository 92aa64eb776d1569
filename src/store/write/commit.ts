import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { countDecisions, type StoreBatch } from '../types.js';
import type { Guess } from './guess.js';
import type { PackedEventRow } from './event-row.js';
import type { Inserter } from './insert.js';
import type { PackMemory } from './pack.js';
import { rollBack } from '../database/migrate.js';
import { sqliteCode, type Database } from '../database/sqlite.js';
import type { TalliedEvent } from '../statistics/tallied-event.js';
import type { Tallies } from '../statistics/tallies.js';
import type { PersisterReport } from './persister-types.js';

/** A batch whose events have been read. */
export interface Prepared extends Omit<StoreBatch, 'events'> {
  readonly events: readonly PackedEventRow[];
  /** What the events came in: their rows look into it. */
  readonly memory: PackMemory | null;
  /** Gives the memory of these rows back. */
  readonly free: () => void;
  /** The digest credentials that these events carried. */
  readonly guesses: readonly Guess[];
  /** What is counted of the events. */
  readonly tallied: readonly TalliedEvent[];
  /** Resolves when its lines are in the logs, or lost: until then the batch takes room. */
  readonly logged: Promise<void>;
}

/** What became of a batch: `failed` may succeed later as it is, `refused` never will. */
export type CommitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'refused'; readonly error: unknown };

/** What writes the rows of a batch, and what counts them. */
export interface Writers {
  readonly inserter: Inserter;
  readonly tallies: Tallies;
}

/** Writes a part of a batch (`partsOf`): all of it or nothing. Never rejects. */
export async function commitPart(
  database: Database,
  { inserter, tallies }: Writers,
  part: Prepared,
): Promise<CommitOutcome> {
  const alone = !hasRest(part) && part.events.length <= LIMITS.storeBatchEventsMax;
  try {
    if (!alone) await database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    return { kind: 'failed', error: await abandon(database, error) };
  }
  try {
    await inserter.events(part.events);
    await writeDecisions(database, inserter, part);
    if (!alone) await database.exec('COMMIT');
    tallies.add(part);
    return { kind: 'committed' };
  } catch (error) {
    const kind = mayPass(error) ? 'failed' : 'refused';
    return { kind, error: await abandon(database, error) };
  }
}

async function writeDecisions(
  database: Database,
  inserter: Inserter,
  part: Prepared,
): Promise<void> {
  await inserter.guesses(part.guesses);
  await inserter.sightings(part.sightings);
  await inserter.blocks(part.blocks);
  await inserter.calls(part.calls);
  for (const { id, endedAtUs, how } of part.endedBlocks) {
    await database.run(
      'UPDATE blocks SET ended_at_us = ?, end_how = ? WHERE id = ? AND ended_at_us IS NULL',
      [endedAtUs, how, id],
    );
  }
  await inserter.jobRuns(part.jobRuns);
  await inserter.thinned(part.thinned ?? []);
}

/** Rolls back, and answers with the error that says most: the first one, or why that failed. */
async function abandon(database: Database, error: unknown): Promise<unknown> {
  try {
    await rollBack(database);
    return error;
  } catch (rollbackError) {
    return rollbackError;
  }
}

/**
 * True for what may pass by itself (disk full, locked, I/O error, no database at present). False for
 * what this very batch does wrong, such as an id that is there already.
 */
function mayPass(error: unknown): boolean {
  if (error instanceof AgentError) return true;
  switch (sqliteCode(error)) {
    case null:
    case 'SQLITE_CONSTRAINT':
    case 'SQLITE_MISMATCH':
    case 'SQLITE_TOOBIG':
    case 'SQLITE_RANGE':
    case 'SQLITE_MISUSE':
    case 'SQLITE_ERROR':
      return false;
    default:
      return true;
  }
}

/**
 * Events, and what follows from them, each a transaction of its own: one bad event costs no block,
 * and events alone are one statement. Events first, for the rest names them.
 */
export function partsOf(batch: Prepared): readonly Prepared[] {
  if (batch.events.length === 0 || !hasRest(batch)) return [batch];
  const { events, tallied, logged, memory, free } = batch;
  const none = { sightings: [], blocks: [], calls: [], endedBlocks: [], jobRuns: [], guesses: [] };
  const rest = { ...batch, events: [], tallied: [], logged: Promise.resolve(), memory: null };
  return [
    { ...none, events, tallied, logged, memory, free },
    { ...rest, free: () => undefined },
  ];
}

const hasRest = (batch: Prepared): boolean => batch.guesses.length > 0 || countDecisions(batch) > 0;

/** Says once that writing fails, and once that it works again. */
export interface WriteHealth {
  fails(error: unknown): void;
  /** As fails(), where others have said so. */
  stands(error: unknown): void;
  works(): void;
  /** A batch was refused for good. */
  refuses(error: unknown): void;
  /** The error that stands; null while writing works. */
  current(): unknown;
}

export function createWriteHealth(
  databaseFile: string,
  report: (report: PersisterReport) => void,
): WriteHealth {
  let standing: unknown = null;
  const stands = (error: unknown): void => {
    standing = error;
    report({ kind: 'health', error: messageOf(error) });
  };
  return {
    stands,
    fails: (error) => {
      const first = standing === null;
      stands(error);
      if (!first) return;
      // An AgentError names the file itself.
      const what = error instanceof AgentError ? '' : `cannot write ${databaseFile}: `;
      report({ kind: 'notice', text: `${what}${messageOf(error)}; events wait in memory` });
    },
    works: () => {
      if (standing === null) return;
      standing = null;
      report({ kind: 'health', error: null });
      report({ kind: 'notice', text: `${databaseFile} is written again` });
    },
    refuses: (error) => {
      const text = `${databaseFile} refused a batch, which is lost: ${messageOf(error)}`;
      report({ kind: 'notice', text });
    },
    current: () => standing,
  };
}
