import { constants } from 'node:fs';
import { lstat, open, readlink, rm, type FileHandle } from 'node:fs/promises';
import { systemCode } from '../../store/database/files.js';
import { AgentError } from '../../core/common/errors.js';
import { findOwner } from './accounts.js';
import type { Ownership } from './steps.js';
import { runTool } from './run-tool.js';

export interface FileRights {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** What the path is itself: folders are opened without following a link of that name. */
export type PathKind = 'file' | 'folder';

const FLAGS: Readonly<Record<PathKind, number>> = {
  file: constants.O_RDONLY | constants.O_NONBLOCK,
  folder: constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
};

export const rightsOf = (path: string, kind: PathKind): Promise<FileRights> =>
  withOpen(path, kind, async (handle) => {
    const { uid, gid, mode } = await handle.stat();
    return { uid, gid, mode: mode & 0o7777 };
  });

export const giveRights = (path: string, kind: PathKind, rights: FileRights): Promise<void> =>
  withOpen(path, kind, async (handle) => {
    if (process.getuid?.() === 0) await handle.chown(rights.uid, rights.gid);
    // After chown, which may take bits away.
    await handle.chmod(rights.mode);
  });

export async function setRights(
  path: string,
  kind: PathKind,
  mode: number,
  owner: Ownership | null,
): Promise<void> {
  const ids = owner === null ? null : await findOwner(owner);
  await withOpen(path, kind, async (handle) => {
    if (ids !== null) await handle.chown(ids.uid, ids.gid);
    await handle.chmod(mode);
  });
}

/** By descriptor: what was looked at is what is changed, whatever gets that name meanwhile. */
async function withOpen<T>(
  path: string,
  kind: PathKind,
  use: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  let handle: FileHandle;
  try {
    handle = await open(path, FLAGS[kind]);
  } catch (error) {
    const target = await linkTarget(path);
    if (kind === 'file' || target === null) throw error;
    throw new AgentError(
      'INSTALL_FAILED',
      `${path} is a link to ${target}, and no folder itself`,
      LINK_REMEDY(path),
      error,
    );
  }
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

export const LINK_REMEDY = (path: string): string =>
  `Take the link away (a folder on another disk is mounted there: mount --bind FOLDER ${path}), and type the same again.`;

/** Where a link leads, whether anything is there or not; null: it is none. */
export async function linkTarget(path: string): Promise<string | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : null;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/**
 * Removes a file, or a folder with all that is in it. A folder becomes root's first, and rm(1) goes
 * by descriptors: the account that had it may still run something that lays links meanwhile.
 */
export async function removeTree(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) {
    await rm(path);
    return;
  }
  await giveRights(path, 'folder', { uid: 0, gid: 0, mode: 0o700 });
  await runTool('rm', ['-rf', '--', path], { stdin: 'ignore' });
}
