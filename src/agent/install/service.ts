import { setTimeout as delay } from 'node:timers/promises';
import { openClient } from '../../api/client.js';
import { loadSettings } from '../../config/load.js';
import { AgentError } from '../../core/common/errors.js';
import { pathsBelow } from './plan-install.js';
import { SERVICE_UNIT } from './steps.js';
import { runTool } from './run-tool.js';

/** The unit that an installation sets going. */
export interface InstalledService {
  /** Starts it, or again where `changed`, and waits until it answers; false: it does already. */
  readonly start: (changed: boolean) => Promise<boolean>;
  /** After files were put back: what ran before the installation runs again. */
  readonly putBack: () => Promise<void>;
}

/** Milliseconds that a service has to answer on its socket once systemd says that it is up. */
const ANSWER_MS_MAX = 20_000;
const LOOK_EVERY_MS = 200;
/** Lines of its journal that a failure shows. */
const JOURNAL_LINES = 12;

const systemctl = (...words: readonly string[]) =>
  runTool('systemctl', words, { stdin: 'ignore', reject: false });

/** `running`: systemd is there; else nothing is started, and nothing is put back. */
export async function openService(running: boolean): Promise<InstalledService> {
  const before = running && (await isActive());
  return {
    start: async (changed) => {
      if (!changed && (await isActive()) && (await answers())) return false;
      const since = `@${Math.floor(Date.now() / 1_000)}`;
      const { exitCode } = await systemctl('restart', SERVICE_UNIT);
      if (exitCode === 0 && (await answersInTime())) return true;
      const journal = await readJournal(since);
      await systemctl('stop', SERVICE_UNIT);
      await systemctl('reset-failed', SERVICE_UNIT);
      throw didNotStart(journal);
    },
    putBack: async () => {
      if (!running) return;
      await systemctl('daemon-reload');
      // The timer may have gone off meanwhile: what then failed is listed until the next boot, with no file left.
      await systemctl('reset-failed', 'sentrypeer-agent*');
      if (before) await systemctl('restart', SERVICE_UNIT);
    },
  };
}

const isActive = async (): Promise<boolean> =>
  (await systemctl('is-active', '--quiet', SERVICE_UNIT)).exitCode === 0;

async function answersInTime(): Promise<boolean> {
  for (const end = performance.now() + ANSWER_MS_MAX; performance.now() < end;) {
    if (await answers()) return true;
    if (!(await isActive())) return false;
    await delay(LOOK_EVERY_MS);
  }
  return false;
}

async function answers(): Promise<boolean> {
  const { settings } = await loadSettings({ file: pathsBelow('/').configFile, env: {}, flags: {} });
  const client = openClient(settings.controlSocket);
  try {
    await client.status();
    return true;
  } catch (error) {
    if (error instanceof AgentError) return false;
    throw error;
  } finally {
    await client.close();
  }
}

async function readJournal(since: string): Promise<string> {
  const words = ['-u', SERVICE_UNIT, '-o', 'cat', '--no-pager', '-n', String(JOURNAL_LINES)];
  const { stdout } = await runTool('journalctl', [...words, '--since', since], {
    stdin: 'ignore',
    reject: false,
  });
  return stdout.trim();
}

const didNotStart = (journal: string): AgentError =>
  new AgentError(
    'INSTALL_FAILED',
    `it did not start${journal === '' ? '' : `; its journal says:\n${journal.replace(/^/gm, '  | ')}\n`}`,
    'Mend what its journal says, and type the same again.',
  );
