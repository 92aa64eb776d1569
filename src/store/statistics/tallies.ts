import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { rollBack } from '../database/migrate.js';
import { createNumberReader, loadNumberingPlan } from './phone-number.js';
import type { Database } from '../database/sqlite.js';
import { createCounterTally } from './tally-counters.js';
import { keepMarks, readMarks } from './tally-marks.js';
import { createNumberTally } from './tally-numbers.js';
import type { Mutex } from '../../core/common/mutex.js';
import { readUncounted } from './uncounted.js';
import type { TalliedBatch } from './tallied-event.js';

/**
 * Tables of what was counted: numbers, counters, sources. They are told once a second what came,
 * which costs a tenth of telling them with every batch; marks beside them say how far they are, so
 * that what a crash left out is counted at the next opening.
 */
export interface Tallies {
  /** Counts a batch that has just been committed, in the turn of its commit. */
  add(batch: TalliedBatch): void;
  /** Writes what was counted. Rejects with SQLite's error; then it is kept, and tried again. */
  flush(): Promise<void>;
  /** Writes no more. */
  finalize(): Promise<void>;
}

/**
 * Counts first what is not counted yet. Loads the numbering plans, too: a batch must not wait for
 * them, for it is to last in 250 ms.
 */
export async function openTallies(
  database: Database,
  mutex: Mutex,
  countryOf: (address: string) => string | null,
  homeCountry: string | null,
  onNotice: (text: string) => void,
): Promise<Tallies> {
  const pad = await openPad(database, countryOf, homeCountry);
  let timer: NodeJS.Timeout | null = null;
  let failing = false;

  const stopTimer = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };

  const flush = async (): Promise<void> => {
    stopTimer();
    try {
      await mutex.run(() => pad.write());
      failing = false;
    } catch (error) {
      if (!failing) onNotice(`statistics wait in memory: ${messageOf(error)}`);
      failing = true;
      flushIn(LIMITS.talliesGatherMs);
      throw error;
    }
  };

  const flushIn = (delayMs: number): void => {
    timer ??= setTimeout(() => {
      // It is told, and tried again.
      flush().catch(() => undefined);
    }, delayMs);
  };

  return {
    add: (batch) => {
      pad.add(batch);
      if (pad.size() === 0) return;
      // Many rows would keep a batch waiting: they are written before they are too many.
      const many = pad.size() > LIMITS.talliedRowsMax && !failing;
      if (many) stopTimer();
      flushIn(many ? 0 : LIMITS.talliesGatherMs);
    },
    flush,
    finalize: async () => {
      stopTimer();
      await pad.finalize();
    },
  };
}

/** What was counted and is not written yet. */
interface Pad {
  add(batch: TalliedBatch): void;
  /** About how many rows write() would touch. */
  size(): number;
  /** One transaction, with the marks. Rejects with SQLite's error, and keeps all then. */
  write(): Promise<void>;
  finalize(): Promise<void>;
}

async function openPad(
  database: Database,
  countryOf: (address: string) => string | null,
  homeCountry: string | null,
): Promise<Pad> {
  const marks = await readMarks(database);
  const reader = createNumberReader(await loadNumberingPlan(), homeCountry);
  const numbers = createNumberTally(database, reader);
  const counters = createCounterTally(database, countryOf, marks.blocks);
  const parts = [numbers, counters];
  const pad: Pad = {
    add: (batch) => {
      counters.add(batch, numbers.add(batch.tallied));
      marks.events = batch.tallied.at(-1)?.id ?? marks.events;
      for (const { id } of batch.blocks) marks.blocks = Math.max(marks.blocks, id);
    },
    size: () => parts.reduce((sum, part) => sum + part.size(), 0),
    write: async () => {
      if (pad.size() === 0) return;
      await database.exec('BEGIN IMMEDIATE');
      try {
        for (const part of parts) await part.write();
        await keepMarks(database, marks);
        await database.exec('COMMIT');
      } catch (error) {
        await rollBack(database);
        throw error;
      }
      for (const part of parts) part.clear();
    },
    finalize: async () => {
      for (const part of parts) await part.finalize();
    },
  };
  for await (const batch of readUncounted(database, { ...marks })) {
    pad.add(batch);
    await pad.write();
  }
  return pad;
}
