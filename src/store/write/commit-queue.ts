import { LIMITS } from '../../core/common/limits.js';
import {
  commitPart,
  createWriteHealth,
  partsOf,
  type Prepared,
  type WriteHealth,
  type Writers,
} from './commit.js';
import type { Database } from '../database/sqlite.js';
import type { Mutex } from '../../core/common/mutex.js';
import { countDecisions } from '../types.js';
import type { PersisterReport } from './persister-types.js';

/** What waits for the database, in order. The queue in front (queue.ts) bounds its length. */
export interface CommitQueue {
  /** Adds a batch in its parts, and begins to commit unless the database takes nothing at present. */
  readonly add: (batch: Prepared) => void;
  /** Resolves when all is committed or an attempt has failed; tries at once. */
  run(): Promise<void>;
  /** As run(), but leaves a database alone that has failed a moment ago. */
  settleDown(): Promise<void>;
  /** There is no database as yet, and why: it is told already. */
  stands(error: unknown): void;
  /** A database is open again: where nothing waits for it, all is well. */
  opened(): void;
  /** Why something still waits; null when nothing does. */
  obstacle(): unknown;
  /**
   * Resolves when little waits, so that what comes next had better be read now; at once while the
   * database takes nothing, for the logs go on then.
   */
  room(): Promise<void>;
  /** Gives up what waits. */
  abandon(): void;
}

/** Batches of events: one is being committed, the next is ready. More would only take room. */
const WAITING_MAX = 2;

export function createCommitQueue(
  databaseFile: string,
  database: Database,
  writers: Writers,
  mutex: Mutex,
  report: (report: PersisterReport) => void,
): CommitQueue {
  const health = createWriteHealth(databaseFile, report);
  const waiting: Prepared[] = [];
  let retryTimer: NodeJS.Timeout | null = null;
  let draining: Promise<void> | null = null;
  const room = createRoom(
    () => waiting.filter(hasEvents).length < WAITING_MAX || retryTimer !== null,
  );

  const drain = async (): Promise<void> => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const part = next;
      const outcome = await mutex.run(() => commitPart(database, writers, part));
      if (outcome.kind === 'failed') {
        health.fails(outcome.error);
        retryTimer = setTimeout(() => void run(), LIMITS.storeRetryMs);
        room.look();
        break;
      }
      waiting.shift();
      room.look();
      health.works();
      if (outcome.kind === 'refused') health.refuses(outcome.error);
      await settle(part, outcome.kind === 'committed', report);
    }
    // In the same turn as the last look at what waits, so that nothing is left lying.
    draining = null;
  };

  const stopTimer = (): void => {
    if (retryTimer !== null) clearTimeout(retryTimer);
    retryTimer = null;
  };

  const run = (): Promise<void> => {
    stopTimer();
    if (waiting.length > 0) draining ??= drain();
    return draining ?? Promise.resolve();
  };

  const settleDown = (): Promise<void> => (retryTimer === null ? run() : Promise.resolve());

  return {
    add: (batch) => {
      waiting.push(...partsOf(batch));
      void settleDown();
    },
    run,
    settleDown,
    ...standing(health, waiting),
    obstacle: () => (waiting.length === 0 ? null : health.current()),
    room: room.wait,
    abandon: () => {
      stopTimer();
      // One of them may be under way, and its rows be read after this: its memory stays where it is.
      for (const part of waiting.splice(0)) report(settled({ ...part, memory: null }, false));
    },
  };
}

/** What a start without its database says of it. */
const standing = (health: WriteHealth, waiting: readonly Prepared[]) => ({
  stands: (error: unknown): void => {
    health.stands(error);
  },
  opened: (): void => {
    if (waiting.length === 0) health.works();
  },
});

/** Those who wait until `hasRoom`; `look` when that may have changed. */
function createRoom(hasRoom: () => boolean) {
  const wanting: (() => void)[] = [];
  return {
    wait: (): Promise<void> =>
      hasRoom() ? Promise.resolve() : new Promise<void>((resolve) => wanting.push(resolve)),
    look: (): void => {
      if (!hasRoom()) return;
      for (const resolve of wanting.splice(0)) resolve();
    },
  };
}

const hasEvents = ({ events }: Prepared): boolean => events.length > 0;

/** Until it is logged too, a batch takes room. A log that fails is soon done with. */
async function settle(
  part: Prepared,
  committed: boolean,
  report: (report: PersisterReport) => void,
): Promise<void> {
  await part.logged;
  part.free();
  report(settled(part, committed));
}

function settled(part: Prepared, committed: boolean): PersisterReport {
  return {
    kind: 'settled',
    events: part.events.length,
    bytes: part.events.reduce((sum, { raw }) => sum + raw.length, 0),
    decisions: countDecisions(part),
    committed,
    memory: part.memory,
  };
}
