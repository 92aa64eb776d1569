import type { Prepared } from './commit.js';
import type { Database } from './sqlite.js';
import { createCounterTally } from './tally-counters.js';
import { createNumberTally } from './tally-numbers.js';

/** Tables that are kept up to date with every batch, in its own transaction. Not for parallel use. */
export interface Tallies {
  /** Before the rows of the batch are inserted. */
  write(batch: Prepared): Promise<void>;
  finalize(): Promise<void>;
}

export function createTallies(
  database: Database,
  countryOf: (address: string) => string | null,
): Tallies {
  const numbers = createNumberTally(database);
  const counters = createCounterTally(database, countryOf);
  return {
    write: async (batch) => {
      await counters.write(batch, await numbers.write(batch.events));
    },
    finalize: async () => {
      await numbers.finalize();
      await counters.finalize();
    },
  };
}
