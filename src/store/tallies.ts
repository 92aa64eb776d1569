import type { StoreBatch } from './types.js';
import type { TalliedEvent } from './tallied-event.js';
import { createNumberReader, loadNumberingPlan } from './phone-number.js';
import type { Database } from './sqlite.js';
import { createCounterTally } from './tally-counters.js';
import { createNumberTally } from './tally-numbers.js';

/** What is counted of a batch. */
export interface TalliedBatch extends Pick<StoreBatch, 'blocks' | 'thinned'> {
  readonly tallied: readonly TalliedEvent[];
}

/** Tables that are kept up to date with every batch, in its own transaction. Not for parallel use. */
export interface Tallies {
  /** Before the rows of the batch are inserted. */
  write(batch: TalliedBatch): Promise<void>;
  finalize(): Promise<void>;
}

/** Loads the numbering plans first: a batch must not wait for them, for it is to last in 250 ms. */
export async function openTallies(
  database: Database,
  countryOf: (address: string) => string | null,
): Promise<Tallies> {
  const numbers = createNumberTally(database, createNumberReader(await loadNumberingPlan()));
  const counters = createCounterTally(database, countryOf);
  return {
    write: async (batch) => {
      await counters.write(batch, await numbers.write(batch.tallied));
    },
    finalize: async () => {
      await numbers.finalize();
      await counters.finalize();
    },
  };
}
