import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AgentError } from '../../core/common/errors.js';
import { checkDatabase } from './check.js';
import {
  fileSize,
  giveToFolderOwner,
  isFileItself,
  prepareFile,
  renameForGood,
  unwritable,
} from './files.js';
import { openDatabase } from './sqlite.js';
import { withInterrupt } from './interrupt.js';

export interface BackupOptions {
  readonly databaseFile: string;
  /** Made with mode 700 when it is not there. */
  readonly folder: string;
  /** The oldest of more copies than this are deleted. */
  readonly keep: number;
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

export interface Backup {
  readonly file: string;
  readonly bytes: number;
  /** Older copies that were deleted. */
  readonly removed: readonly string[];
}

/**
 * Copies the database while an agent may write it, on a connection of its own: a whole and compact
 * file of mode 600, checked before it takes its name. Rejects with STATE_UNWRITABLE when there is
 * no room for it, or with DATABASE_DAMAGED when the copy is not sound.
 */
export async function backUpDatabase(options: BackupOptions): Promise<Backup> {
  const { databaseFile, folder, keep } = options;
  const time = new Date(options.nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const file = join(folder, `${basename(databaseFile)}.${time}`);
  const partial = `${file}.partial`;
  try {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    // A folder that was there keeps its owner, and so does what a link of this name leads to.
    if (made !== undefined) await giveToFolderOwner(folder);
    await refuseWithoutRoom(databaseFile, folder);
    await copyTo(partial, options);
    await renameForGood(partial, file);
  } catch (error) {
    const told = error instanceof AgentError ? error : unwritable(file, error);
    // Where the folder is shut, this fails for the same reason, which is told already.
    await rm(partial, { force: true }).catch(() => undefined);
    throw told;
  }
  return { file, bytes: (await fileSize(file)) ?? 0, removed: await rotate(options, keep) };
}

async function copyTo(partial: string, options: BackupOptions): Promise<void> {
  const { databaseFile, signal } = options;
  await rm(partial, { force: true });
  // VACUUM INTO accepts an empty file, and keeps the mode that it has.
  await prepareFile(partial, 0o600);
  const database = await openDatabase(databaseFile, 'read');
  try {
    await withInterrupt(database, signal, () => database.run('VACUUM INTO ?', [partial]));
  } finally {
    await database.close();
  }
  const findings = await checkDatabase(partial, 'inspect', signal);
  if (findings.length > 0) {
    throw new AgentError(
      'DATABASE_DAMAGED',
      `the copy of ${databaseFile} is not sound: ${findings[0] ?? ''}`,
      'check the database with `sentrypeer-agent db check`, and the disk',
    );
  }
}

async function refuseWithoutRoom(databaseFile: string, folder: string): Promise<void> {
  const needed =
    ((await fileSize(databaseFile)) ?? 0) + ((await fileSize(`${databaseFile}-wal`)) ?? 0);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize > needed) return;
  throw new AgentError(
    'STATE_UNWRITABLE',
    `no room for a backup in ${folder}: it may take ${needed} bytes, ${bavail * bsize} are free`,
    'make room, or name a folder on another disk with backup_dir',
  );
}

/** Deletes the oldest of more copies than `keep`. */
export async function rotate(
  { databaseFile, folder }: BackupOptions,
  keep: number,
): Promise<string[]> {
  const prefix = `${basename(databaseFile)}.`;
  const copies = (await readdir(folder)).filter(
    (name) => name.startsWith(prefix) && /^\d{8}T\d{6}Z$/.test(name.slice(prefix.length)),
  );
  const removed: string[] = [];
  for (const name of copies.sort().slice(0, Math.max(0, copies.length - keep))) {
    const path = join(folder, name);
    // What is a folder or a link was not made by us.
    if (!(await isFileItself(path))) continue;
    await rm(path);
    removed.push(path);
  }
  return removed;
}
