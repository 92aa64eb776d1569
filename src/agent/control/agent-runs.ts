import { accessSync, constants } from 'node:fs';
import { readSocketOf } from '../../api/server/sockets.js';
import type { Settings } from '../../config/schema.js';
import { lockHolder } from '../../store/database/lock.js';

/**
 * Whether an agent has the database, as far as this user may know. A member of the agent's group may
 * not look at the lock; the socket for questions is there while an agent runs. Rejects with
 * DATABASE_UNREADABLE for somebody who may read nothing.
 */
export async function agentRuns(
  settings: Pick<Settings, 'databaseFile' | 'controlSocket'>,
): Promise<boolean> {
  try {
    return (await lockHolder(settings.databaseFile)) !== null;
  } catch (error) {
    if (isOpen(readSocketOf(settings.controlSocket))) return true;
    throw error;
  }
}

/** Whether this user may connect to a socket; false where there is none. */
function isOpen(socketFile: string): boolean {
  try {
    accessSync(socketFile, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
