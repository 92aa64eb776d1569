import { LIMITS } from '../core/model/limits.js';
import { commitBatch, createJournal, splitBatch, type Prepared, type Writers } from './commit.js';
import type { PersisterReport } from './persister.js';
import type { Database } from './sqlite.js';
import type { Turns } from './turns.js';
import { countDecisions } from './types.js';

/** What waits for the database, in order. The queue in front (queue.ts) bounds its length. */
export interface CommitQueue {
  /** Adds a batch, and begins to commit unless the database takes nothing at present. */
  add(batch: Prepared): void;
  /** Resolves when all is committed or an attempt has failed; tries at once. */
  run(): Promise<void>;
  /** As run(), but leaves a database alone that has failed a moment ago. */
  settleDown(): Promise<void>;
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

/** One batch is being committed, the next is ready: more would only take room. */
const WAITING_MAX = 2;

export function createCommitQueue(
  databaseFile: string,
  database: Database,
  writers: Writers,
  turns: Turns,
  report: (report: PersisterReport) => void,
): CommitQueue {
  const journal = createJournal(databaseFile, report);
  const waiting: Prepared[] = [];
  let retryTimer: NodeJS.Timeout | null = null;
  let draining: Promise<void> | null = null;
  const room = createRoom(() => waiting.length < WAITING_MAX || retryTimer !== null);

  const drain = async (): Promise<void> => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const batch = next;
      const outcome = await turns.take(() => commitBatch(database, writers, batch));
      if (outcome.kind === 'failed') {
        journal.fails(outcome.error);
        retryTimer = setTimeout(() => void run(), LIMITS.storeRetryMs);
        room.look();
        break;
      }
      waiting.shift();
      room.look();
      journal.works();
      const parts = outcome.kind === 'committed' ? null : splitBatch(batch);
      if (parts !== null) {
        waiting.unshift(...parts);
        continue;
      }
      if (outcome.kind === 'refused') journal.refuses(outcome.error);
      await settle(batch, outcome.kind === 'committed', report);
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
      waiting.push(batch);
      void settleDown();
    },
    run,
    settleDown,
    obstacle: () => (waiting.length === 0 ? null : journal.current()),
    room: room.wait,
    abandon: () => {
      stopTimer();
      for (const batch of waiting.splice(0)) report(settled(batch, false));
    },
  };
}

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

/** Until it is logged too, a batch takes room. A log that fails is soon done with. */
async function settle(
  batch: Prepared,
  committed: boolean,
  report: (report: PersisterReport) => void,
): Promise<void> {
  await batch.logged;
  report(settled(batch, committed));
}

function settled(batch: Prepared, committed: boolean): PersisterReport {
  return {
    kind: 'settled',
    events: batch.events.length,
    bytes: batch.events.reduce((sum, { raw }) => sum + raw.length, 0),
    decisions: countDecisions(batch),
    committed,
  };
}
