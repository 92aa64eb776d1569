import { dirname, join, resolve } from 'node:path';
import { watch } from 'chokidar';
import { AgentError } from '../core/common/errors.js';
import { changedKeys } from './changes.js';
import { loadSettings, type LoadedSettings } from './load.js';

/** Editors write in several steps; what follows within this time is one change. */
const SETTLE_MS = 100;

export interface Watcher {
  close(): Promise<void>;
}

export interface WatchMore {
  /** A file that was wrong is right again; told before `onChange`, and where nothing changed, too. */
  readonly onRight?: () => void;
  /** What a new reading is compared with; else the reading before it. */
  readonly inForce?: () => LoadedSettings;
}

export interface SettingsWatcher extends Watcher {
  /** Reads the file again now (SIGHUP). Resolves when it was taken over or the problem reported. */
  reload(): Promise<void>;
}

/**
 * Follows the configuration file. `onChange` gets settings that differ from those in force;
 * `onProblem` gets what is wrong with a file that could not be taken over: the settings before it
 * stay in force. A trial has no file, so that only `reload` does something there.
 */
export async function watchSettings(
  loaded: LoadedSettings,
  onChange: (next: LoadedSettings, before: LoadedSettings) => void,
  onProblem: (problem: AgentError) => void,
  more: WatchMore = {},
): Promise<SettingsWatcher> {
  let current = loaded;
  let wrong = false;
  const load = async (): Promise<void> => {
    let next: LoadedSettings;
    try {
      next = await loadSettings(loaded.source);
    } catch (error) {
      wrong = true;
      onProblem(asProblem(error));
      return;
    }
    if (wrong) more.onRight?.();
    wrong = false;
    const before = more.inForce?.() ?? current;
    current = next;
    if (changedKeys(before.settings, next.settings).length > 0) onChange(next, before);
  };
  // One after the other, so that an older reading never overtakes a newer one.
  let last: Promise<void> = Promise.resolve();
  const reload = (): Promise<void> => (last = last.then(load));
  if (loaded.file === null) {
    return { reload, close: () => last };
  }
  const file = resolve(loaded.file);
  // The folder is watched, not the file: an editor that replaces the file takes the inode away.
  const folder = dirname(file);
  const isOther = (path: string): boolean => path !== folder && path !== file;
  const watcher = await watchPath(folder, isOther, () => void reload(), onProblem);
  // What was written between the first reading and now has no event.
  await reload();
  return {
    reload,
    async close() {
      await watcher.close();
      await last;
    },
  };
}

/**
 * Calls `onChange` when something in the folder (not below it) was added, changed or removed. The
 * folder itself may be absent and come later, as long as the one above it is there.
 */
export function watchFolder(
  folder: string,
  onChange: () => void,
  onProblem: (problem: AgentError) => void,
): Promise<Watcher> {
  const path = resolve(folder);
  const above = dirname(path);
  // From above, because a folder that is not there cannot be watched.
  const isOther = (seen: string): boolean =>
    seen !== above && seen !== path && !seen.startsWith(join(path, '/'));
  return watchPath(above, isOther, onChange, onProblem);
}

/** Calls `onChange` when one of these files was added, changed, replaced or removed. */
export async function watchFiles(
  files: readonly string[],
  onChange: () => void,
  onProblem: (problem: AgentError) => void,
): Promise<Watcher> {
  const paths = new Set(files.map((file) => resolve(file)));
  const folders = new Set([...paths].map((path) => dirname(path)));
  const watchers: Watcher[] = [];
  for (const folder of folders) {
    const isOther = (seen: string): boolean => seen !== folder && !paths.has(seen);
    watchers.push(await watchPath(folder, isOther, onChange, onProblem));
  }
  return {
    async close() {
      await Promise.all(watchers.map((watcher) => watcher.close()));
    },
  };
}

/** Resolves when the watch is in place; events before that are not told. */
async function watchPath(
  folder: string,
  ignored: (path: string) => boolean,
  onSettled: () => void,
  onProblem: (problem: AgentError) => void,
): Promise<Watcher> {
  const watcher = watch(folder, { ignored, depth: 1, ignoreInitial: true, atomic: false });
  let timer: NodeJS.Timeout | null = null;
  watcher.on('all', (event) => {
    if (event === 'addDir') return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(onSettled, SETTLE_MS);
  });
  watcher.on('error', (error) => {
    onProblem(
      new AgentError(
        'CONFIG_UNREADABLE',
        `changes in ${folder} are not seen: ${error instanceof Error ? error.message : 'unknown'}`,
        'After a change send SIGHUP to the agent (systemctl reload sentrypeer-agent).',
        error,
      ),
    );
  });
  await new Promise<void>((ready) => watcher.once('ready', ready));
  return {
    async close() {
      if (timer !== null) clearTimeout(timer);
      await watcher.close();
    },
  };
}

/** Whatever fails in reading is reported; thrown here it would end all later readings as well. */
const asProblem = (error: unknown): AgentError =>
  error instanceof AgentError
    ? error
    : new AgentError('INTERNAL', String(error), 'report this with the log around it', error);
