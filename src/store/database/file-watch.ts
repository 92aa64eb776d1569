import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { FileIdentity } from './files.js';
import { isDamage } from './sqlite.js';
import type { LiveDatabase } from './live-database.js';
import type { Mutex } from '../../core/common/mutex.js';
import type { PersisterReport } from '../write/persister-types.js';

export interface DatabaseWatch {
  /** Looks now, and waits for what has to be done. Never rejects. */
  readonly lookNow: () => Promise<void>;
  /** As lookNow(), for damage that somebody else has met in the file of this identity. */
  readonly mend: (identity: FileIdentity) => Promise<void>;
  readonly end: () => void;
}

/**
 * Looks once a second whether the database is still the file of its name, and sound as far as is
 * known. `onRenewed` is called when another file is open than before, between two transactions.
 */
export function watchDatabaseFile(
  live: LiveDatabase,
  mutex: Mutex,
  report: (report: PersisterReport) => void,
  onRenewed: () => Promise<void>,
): DatabaseWatch {
  // Why there is none at the start is told already.
  let failing = live.obstacle !== null;
  let looking = false;

  const act = async (work: () => Promise<string | null>): Promise<void> => {
    try {
      const done = await work();
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

  const lookNow = (): Promise<void> => mutex.run(() => act(() => live.look()));

  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void lookNow().finally(() => {
      looking = false;
    });
  }, LIMITS.databaseLookMs);
  return {
    lookNow,
    mend: (identity) => mutex.run(() => act(() => live.mend(identity))),
    end: () => {
      clearInterval(timer);
    },
  };
}

/** A call that meets damage is made once more, of the database that took the damaged one's place. */
export async function mending<Value>(
  watch: Pick<DatabaseWatch, 'lookNow'>,
  call: () => Promise<Value>,
): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    if (!isDamage(error)) throw error;
    await watch.lookNow();
    return call();
  }
}
