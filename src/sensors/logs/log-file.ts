import { createHash } from 'node:crypto';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LIMITS } from '../../core/common/limits.js';
import type { Position } from './positions.js';

const HEAD_BYTES = 256;

/** An open log. */
export interface LogFile {
  readonly handle: FileHandle;
  readonly identity: string;
}

const identityOf = ({ dev, ino }: { dev: number; ino: number }): string => `${dev}:${ino}`;

/** Opens a log; null where none is there. Rejects with what is wrong, in words. */
export async function openLog(path: string): Promise<LogFile | null> {
  let handle: FileHandle;
  try {
    // A pipe of that name must not wait for its writer.
    const { isFile } = await stat(path).then((found) => ({ isFile: found.isFile() }));
    if (!isFile) throw new Error('it is no file');
    handle = await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    if (codeOf(error) === 'EACCES') throw new Error('this user may not read it', { cause: error });
    throw error;
  }
  return { handle, identity: identityOf(await handle.stat()) };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** Device and inode of what has this name now; null: nothing, or it cannot be told. */
export async function identityAt(path: string): Promise<string | null> {
  try {
    return identityOf(await stat(path));
  } catch {
    return null;
  }
}

/** How many of its first bytes there are, up to a bound, and their digest: `256:6b86…`. */
export const headOf = async (log: LogFile): Promise<string> => digestOf(log, HEAD_BYTES);

async function digestOf({ handle }: LogFile, bytes: number): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
  const digest = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
  return `${bytesRead}:${digest}`;
}

/** True of the head of a file that was long enough when it was read. */
export const isWholeHead = (head: string): boolean => head.startsWith(`${HEAD_BYTES}:`);

/** True where a file begins as it did, and has all that was read of it. */
export async function isSame(log: LogFile, { head, offset }: Position): Promise<boolean> {
  const { size } = await log.handle.stat();
  if (size < offset) return false;
  const bytes = Number(head.split(':')[0] ?? '0');
  return bytes === 0 || (await digestOf(log, Math.min(bytes, HEAD_BYTES))) === head;
}

/**
 * The file beside a log that holds what was read of it up to a position: the one that was renamed, or the
 * copy that was made of it before it was cut. Null: there is none, or it was packed.
 */
export async function findOld(
  path: string,
  position: Position,
  not: string | null,
): Promise<LogFile | null> {
  if (position.head === '' || position.head.startsWith('0:')) return null;
  const name = basename(path);
  const names = await readdir(dirname(path)).catch(() => []);
  const beside = names.filter(
    (each) => each !== name && each.startsWith(name.split('.')[0] ?? name),
  );
  for (const each of beside.sort().slice(0, LIMITS.pbxLogFilesBesideMax)) {
    const log = await openLog(join(dirname(path), each)).catch(() => null);
    if (log === null) continue;
    if (log.identity !== not && (await isSame(log, position))) return log;
    await log.handle.close();
  }
  return null;
}
