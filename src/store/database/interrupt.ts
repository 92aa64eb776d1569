import type { Database } from './sqlite.js';

/** Runs a long query that the signal ends; it rejects with SQLITE_INTERRUPT then. */
export async function withInterrupt<Value>(
  database: Database,
  signal: AbortSignal | undefined,
  work: () => Promise<Value>,
): Promise<Value> {
  const stop = (): void => {
    database.interrupt();
  };
  signal?.addEventListener('abort', stop);
  try {
    return await work();
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
