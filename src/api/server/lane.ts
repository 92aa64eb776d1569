import { AgentError } from '../../core/common/errors.js';
import type { Reader } from '../../store/read/reader.js';
import { sqliteCode } from '../../store/database/sqlite.js';

export interface Lane {
  /** Rejects with API_BUSY when too many wait, or when this one takes too long. */
  readonly ask: <T>(query: (reader: Reader) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

export interface LaneOptions {
  readonly open: () => Promise<Reader>;
  readonly waitingMax: number;
  readonly msMax: number;
}

/**
 * One question after another, on one connection that is opened with the first. SQLite works in the
 * threads that the whole process shares, those of the database's writer too: questions that wait for
 * each other there would keep it from writing.
 */
export function createLane({ open, waitingMax, msMax }: LaneOptions): Lane {
  let opening: Promise<Reader> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;

  const reader = (): Promise<Reader> => {
    // One that could not be opened is tried again with the next question.
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };

  const run = async <T>(query: (reader: Reader) => Promise<T>): Promise<T> => {
    if (closed) throw busy('the agent stops');
    const connection = await reader();
    const timer = setTimeout(() => {
      connection.interrupt();
    }, msMax);
    try {
      return await query(connection);
    } catch (error) {
      if (sqliteCode(error) !== 'SQLITE_INTERRUPT') throw error;
      throw busy(`it would take more than ${msMax / 1_000} s`);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    ask: (query) => {
      if (waiting >= waitingMax) return Promise.reject(busy(`${waiting} questions wait already`));
      waiting += 1;
      const mine = last.then(() => run(query));
      last = mine.then(
        () => (waiting -= 1),
        () => (waiting -= 1),
      );
      return mine;
    },
    close: async () => {
      closed = true;
      const connection = await opening;
      connection?.interrupt();
      await last;
      await connection?.close();
    },
  };
}

const busy = (why: string): AgentError =>
  new AgentError(
    'API_BUSY',
    `the question was not answered: ${why}`,
    'ask again later, or for less: a shorter time (`since`), one source, a smaller `limit`',
  );
