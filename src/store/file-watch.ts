import { LIMITS } from '../core/model/limits.js';
import { messageOf } from './files.js';
import type { LiveDatabase } from './live-database.js';
import type { PersisterReport } from './persister.js';
import type { Turns } from '../core/model/turns.js';

/**
 * Looks once a second whether the database is still the file of its name, and sound as far as is
 * known. `onRenewed` is called when another file is open than before, between two transactions.
 * Returns what stops it.
 */
export function watchDatabaseFile(
  live: LiveDatabase,
  turns: Turns,
  report: (report: PersisterReport) => void,
  onRenewed: () => Promise<void>,
): () => void {
  let failing = false;
  let looking = false;

  const look = async (): Promise<void> => {
    try {
      const done = await live.look();
      failing = false;
      if (done === null) return;
      await onRenewed();
      report({ kind: 'notice', text: done });
      report({ kind: 'renewed' });
    } catch (error) {
      if (!failing)
        report({ kind: 'notice', text: `${messageOf(error)}; what comes waits in memory` });
      failing = true;
    }
  };

  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void turns.take(look).finally(() => {
      looking = false;
    });
  }, LIMITS.databaseLookMs);
  return () => {
    clearInterval(timer);
  };
}
