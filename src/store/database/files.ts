import {
  access,
  chmod,
  constants,
  lchown,
  lstat,
  mkdir,
  open,
  readlink,
  rename,
  stat,
} from 'node:fs/promises';
import { statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { AgentError, messageOf } from '../../core/common/errors.js';

/** What the operating system calls the error, such as `EACCES`; null when it is none of its own. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}

/**
 * Makes a file and its folders when they are not there (folders mode 700), and gives the file its
 * mode. A file that exists is never opened here: closing it would drop the POSIX locks that an
 * SQLite connection of this process holds on it. Rejects with STATE_UNWRITABLE.
 */
export async function prepareFile(file: string, mode: number): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    if (!(await fileExists(file))) {
      const handle = await open(file, 'wx', mode);
      await handle.close();
      await giveToFolderOwner(file);
    }
    await access(file, constants.W_OK);
    // The mode given to open() is cut by the umask, and an old file may have another. What is no
    // regular file keeps its own, and so does what a link names: /dev/stdout is a file of others.
    const found = await lstat(file);
    if (found.isFile() && (found.mode & 0o777) !== mode) await chmod(file, mode);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/**
 * A file that root makes belongs to whom its folder belongs to: a command typed as root must not
 * leave files behind that the service cannot write.
 */
export async function giveToFolderOwner(file: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(file));
  if (uid !== 0) await lchown(file, uid, gid);
}

/** Size in bytes; null when there is no such file. */
export async function fileSize(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** What a file is, whatever its name; `absent`; or `unknown`, where its folder may not be looked into. */
export type FileIdentity = string;

export async function identityOf(file: string): Promise<FileIdentity> {
  try {
    const { dev, ino } = await stat(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    const code = systemCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'unknown';
  }
}

/**
 * True when the name is a regular file itself, and the one that was opened: only such a file may be
 * renamed or deleted by its name. A link is not followed: its target is in a folder of others, or
 * is no log at all, as /dev/stdout. `opened`: what fstat says of the open file.
 */
export async function isFileItself(
  file: string,
  opened?: { readonly dev: number; readonly ino: number },
): Promise<boolean> {
  try {
    const named = await lstat(file);
    if (!named.isFile()) return false;
    return opened === undefined || (opened.dev === named.dev && opened.ino === named.ino);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Gives a file its name once all of it is on the disk, so that a crash leaves no part under that name. */
export async function renameForGood(from: string, to: string): Promise<void> {
  await sync(from);
  await rename(from, to);
  await sync(dirname(to));
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Where a name leads to, through links, also when nothing is there: SQLite keeps its side files
 * beside that.
 */
export async function resolveLinks(file: string): Promise<string> {
  let path = file;
  for (let links = 0; links < LINKS_MAX; links += 1) {
    try {
      path = resolve(dirname(path), await readlink(path));
    } catch {
      // No link, or nothing: whoever opens it says what is wrong.
      return path;
    }
  }
  return path;
}

/** As many as Linux follows. */
const LINKS_MAX = 40;

export async function fileExists(file: string): Promise<boolean> {
  return (await fileSize(file)) !== null;
}

/** What a disk answers that is full or broken: no right mends it, and it may pass by itself. */
const TAKES_NOTHING: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'SQLITE_FULL',
  'SQLITE_IOERR',
]);

/** True where the disk takes nothing, whoever asks. */
export function isOfDisk(error: unknown): boolean {
  if (error instanceof AgentError) return isOfDisk(error.cause);
  return TAKES_NOTHING.has(systemCode(error) ?? '');
}

/** SQLite says of a full disk that it cannot be read or written, too. */
const FULL_BELOW_BYTES = 1_048_576;

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    return bavail * bsize < FULL_BELOW_BYTES || (files > 0 && ffree === 0);
  } catch {
    // Whoever asks has an error already, and only wants to know more of it.
    return false;
  }
}

/** What went wrong with a file, and what to do where it is its disk; null: it is something else. */
function diskFault(file: string, cause: unknown): { why: string; remedy: string } | null {
  if (!isOfDisk(cause)) return null;
  const folder = dirname(file);
  const look = `df -h ${folder} and df -i ${folder} show it`;
  return systemCode(cause) === 'EIO' || (systemCode(cause) === 'SQLITE_IOERR' && !isFull(folder))
    ? { why: messageOf(cause), remedy: `look what dmesg says of the disk of ${folder}` }
    : {
        why: `its disk is full (${messageOf(cause)})`,
        remedy: `make room on the disk of ${folder} (${look})`,
      };
}

export function unwritable(file: string, cause: unknown): AgentError {
  const fault = diskFault(file, cause);
  return new AgentError(
    'STATE_UNWRITABLE',
    `cannot write ${file}: ${fault?.why ?? messageOf(cause)}`,
    fault?.remedy ??
      `make ${dirname(file)} a folder that this user may write, or name another file`,
    cause,
    file,
  );
}

export function unreadable(file: string, cause: unknown): AgentError {
  const fault = diskFault(file, cause);
  return new AgentError(
    'DATABASE_UNREADABLE',
    `cannot read the database ${file}: ${fault?.why ?? messageOf(cause)}`,
    fault?.remedy ?? 'run the command as root or as the user that the agent runs as',
    cause,
    file,
  );
}
