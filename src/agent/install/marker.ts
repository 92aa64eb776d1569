import { constants } from 'node:fs';
import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../store/database/files.js';

/** In each folder that an installation made, so that `uninstall --purge` takes no other away. */
const MARKER = '.made-by-sentrypeer-agent';
const TEXT =
  '# sentrypeer-agent: its install made this folder, and `uninstall --purge` takes it away.\n';

/** Whether an installation made this folder. */
export const isMarked = async (folder: string): Promise<boolean> =>
  (await orNull(readMarker(join(folder, MARKER)))) === TEXT;

/** The folder may be another account's, which may have put a pipe or a link there. */
async function readMarker(file: string): Promise<string | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const { size } = await handle.stat();
    // A pipe has no size.
    return size === TEXT.length ? await handle.readFile('utf8') : null;
  } finally {
    await handle.close();
  }
}

/** True where nothing is that somebody could miss: no folder, or an empty one. */
export const isVacant = async (folder: string): Promise<boolean> =>
  ((await orNull(readdir(folder))) ?? []).length === 0;

/** All may read it where they may read the folder. */
export const mark = (folder: string): Promise<void> =>
  writeFile(join(folder, MARKER), TEXT, { mode: 0o644, flag: 'wx' });

async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ELOOP') return null;
    throw error;
  }
}
