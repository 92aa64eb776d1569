import { constants, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Settings } from '../../config/schema.js';
import {
  backUpDatabase,
  rotate,
  type Backup,
  type BackupOptions,
} from '../../store/database/backup.js';
import { unwritable } from '../../store/database/files.js';
import { asOwner, servesOwnerOf } from '../step-down.js';

/**
 * A backup that root types, of a database that another account has, into a folder that is not that
 * account's: it is made and checked with the rights of that account, and root copies what came of
 * it, opened by that account, to a file of its own. In all other cases as backUpDatabase does.
 */
export async function backUpTo(settings: Settings, options: BackupOptions): Promise<Backup> {
  if (servesOwnerOf(settings, options.folder)) {
    return asOwner(settings, () => backUpDatabase(options));
  }
  const { databaseFile, folder, keep } = options;
  const { temporary, made, source } = await asOwner(settings, async () => {
    const place = await mkdtemp(join(dirname(databaseFile), 'backup-'));
    const backup = await backUpDatabase({ ...options, folder: place, keep: 1 }).catch(
      async (error: unknown) => {
        await rm(place, { recursive: true, force: true });
        throw error;
      },
    );
    const opened = await open(backup.file, constants.O_RDONLY | constants.O_NOFOLLOW);
    return { temporary: place, made: backup, source: opened };
  });
  try {
    const file = join(folder, basename(made.file));
    await copyTo(source, file);
    return { file, bytes: made.bytes, removed: await rotate(options, keep) };
  } finally {
    await source.close();
    await asOwner(settings, () => rm(temporary, { recursive: true, force: true }));
  }
}

/** A new file: nothing of the name is followed or written over before the copy is whole. */
async function copyTo(source: FileHandle, file: string): Promise<void> {
  const partial = `${file}.partial`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const out = createWriteStream(partial, { mode: 0o600, flags: 'wx', flush: true });
    await pipeline(source.createReadStream({ autoClose: false }), out);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw unwritable(file, error);
  }
}
