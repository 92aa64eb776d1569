import { accessSync, constants } from 'node:fs';
import { readSocketOf } from '../api/sockets.js';
import type { Settings } from '../config/schema.js';
import { lockHolder } from '../store/lock.js';

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
    if (isOpen(readSocketOf(settings.controlSocket), constants.W_OK)) return true;
    if (isOpen(settings.databaseFile, constants.R_OK)) return false;
    throw error;
  }
}

/** Whether a file is open to this user in that way; false where there is none. */
function isOpen(file: string, way: number): boolean {
  try {
    accessSync(file, way);
    return true;
  } catch {
    return false;
  }
}
