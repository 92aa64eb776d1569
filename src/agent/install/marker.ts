import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../store/files.js';

/** In each folder that an installation made, so that `uninstall --purge` takes no other away. */
const MARKER = '.made-by-sentrypeer-agent';
const TEXT =
  '# sentrypeer-agent: its install made this folder, and `uninstall --purge` takes it away.\n';

/** Whether an installation made this folder. */
export const isMarked = async (folder: string): Promise<boolean> =>
  (await orNull(readFile(join(folder, MARKER), 'utf8'))) === TEXT;

/** True where nothing is that somebody could miss: no folder, or an empty one. */
export const isVacant = async (folder: string): Promise<boolean> =>
  ((await orNull(readdir(folder))) ?? []).length === 0;

/** All may read it where they may read the folder. */
export const mark = (folder: string): Promise<void> =>
  writeFile(join(folder, MARKER), TEXT, { mode: 0o644 });

async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}
