import { open, readFile, rm } from 'node:fs/promises';
import { AgentError } from '../../core/common/errors.js';
import { systemCode } from '../../store/database/files.js';

/** In a folder that is emptied at each boot. */
const FILE = '/run/sentrypeer-agent.install';

/**
 * Keeps a second installation or uninstallation of this machine out while `work` goes on: they would
 * take each other's half-made files away. Rejects with INSTALL_FAILED, which names the first.
 */
export async function oneAtATime<T>(work: () => Promise<T>, file = FILE): Promise<T> {
  await take(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST' || attempt > 2) throw error;
      const pid = Number(await readFile(file, 'utf8').catch(() => ''));
      if (isAlive(pid)) throw busy(pid, file);
      // One that was killed left it.
      await rm(file, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

const busy = (pid: number, file: string): AgentError =>
  new AgentError(
    'INSTALL_FAILED',
    `another installation is under way (process ${pid}, ${file})`,
    'Wait until it is done, and type the same again.',
  );
