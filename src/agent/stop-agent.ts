import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from '../core/model/errors.js';
import { systemCode } from '../store/files.js';
import { lockHolder } from '../store/lock.js';

const LOOK_EVERY_MS = 50;
/** Longer than jobs, the store and those who listen may take to end. */
const STOP_MS_MAX = 20_000;

/**
 * Stops the agent that has a database, as SIGTERM does; false when none has it. One that was started
 * by hand is no unit that systemctl would stop, and it would put its firewall rules back. Rejects
 * with AGENT_RUNNING when it goes on, and with DATABASE_UNREADABLE.
 */
export async function stopAgent(
  databaseFile: string,
  msMax: number = STOP_MS_MAX,
): Promise<boolean> {
  const pid = await lockHolder(databaseFile);
  if (pid === null) return false;
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    // It has ended by itself in this very moment.
    if (systemCode(error) !== 'ESRCH') throw error;
  }
  for (const endMs = performance.now() + msMax; performance.now() < endMs;) {
    if ((await lockHolder(databaseFile)) === null) return true;
    await delay(LOOK_EVERY_MS);
  }
  throw new AgentError(
    'AGENT_RUNNING',
    `the agent that has ${databaseFile}, process ${pid}, did not stop within ${msMax / 1_000} s`,
    `see what holds it up, or end it with: kill -9 ${pid}`,
  );
}
