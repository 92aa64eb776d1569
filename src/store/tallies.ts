import type { Prepared } from './commit.js';
import type { Database } from './sqlite.js';
import { createNumberTally } from './tally-numbers.js';

/** Tables that are kept up to date with every batch, in its own transaction. Not for parallel use. */
export interface Tallies {
  write(batch: Prepared): Promise<void>;
  finalize(): Promise<void>;
}

export function createTallies(database: Database): Tallies {
  const numbers = createNumberTally(database);
  return {
    write: async ({ events }) => {
      await numbers.write(events);
    },
    finalize: () => numbers.finalize(),
  };
}
