import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from '../../core/common/errors.js';
import { systemCode } from '../../store/database/files.js';
import { lockHolder } from '../../store/database/lock.js';

const LOOK_EVERY_MS = 50;
/** Longer than jobs, the store and those who listen may take to end. */
const STOP_MS_MAX = 20_000;

/**
 * Stops the agent that has a database, as SIGTERM does; false when none has it, or when nobody can
 * tell. One that was started by hand is no unit that systemctl would stop, and it would put its
 * firewall rules back. Rejects with AGENT_RUNNING when it goes on.
 */
export async function stopAgent(
  databaseFile: string,
  msMax: number = STOP_MS_MAX,
): Promise<boolean> {
  const pid = await holderOf(databaseFile);
  if (pid === null) return false;
  if (await isOurProgram(pid)) terminate(pid);
  for (const endMs = performance.now() + msMax; performance.now() < endMs;) {
    if ((await holderOf(databaseFile)) === null) return true;
    await delay(LOOK_EVERY_MS);
  }
  throw new AgentError(
    'AGENT_RUNNING',
    `process ${pid}, which has ${databaseFile}, did not end within ${msMax / 1_000} s`,
    'stop it where it runs (the number is its own, in a container another one), and type the same again',
  );
}

/** A lock file that is damaged keeps nobody from taking away what was installed. */
async function holderOf(databaseFile: string): Promise<number | null> {
  try {
    return await lockHolder(databaseFile);
  } catch (error) {
    if (error instanceof AgentError && error.code === 'DATABASE_UNREADABLE') return null;
    throw error;
  }
}

/** The number may be one of another process namespace, and somebody else's here. */
async function isOurProgram(pid: number): Promise<boolean> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
  return words.split('\0').some((word) => word.endsWith('/run.js'));
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    // It has ended by itself in this very moment.
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}
