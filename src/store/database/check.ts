import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { withInterrupt } from './interrupt.js';
import { isDamage, openDatabase, type OpenMode } from './sqlite.js';
import { unreadable } from './files.js';

/**
 * SQLite's integrity check on a connection of its own, so that no batch waits for it: what is wrong,
 * one finding each; none when the database is sound. Rejects with DATABASE_UNREADABLE
 * when the file cannot be opened.
 */
export async function checkDatabase(
  file: string,
  mode: OpenMode = 'read',
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const database = await openDatabase(file, mode).catch((error: unknown) => {
    throw isDamage(error) ? error : unreadable(file, error);
  });
  try {
    await database.exec(`PRAGMA busy_timeout = ${LIMITS.databaseBusyMsMax}`);
    const rows = await withInterrupt(database, signal, () =>
      database.all<{ integrity_check: string }>('PRAGMA integrity_check'),
    );
    const findings = rows.map((row) => row.integrity_check);
    return findings.length === 1 && findings[0] === 'ok' ? [] : findings;
  } catch (error) {
    // Damage that the check itself stumbles over is a finding too.
    if (isDamage(error)) return [messageOf(error)];
    throw error;
  } finally {
    await database.close();
  }
}
