import { open, stat, type FileHandle } from 'node:fs/promises';
import { messageOf } from '../../core/common/errors.js';
import { isFileItself, isOfDisk, prepareFile, systemCode, unwritable } from '../database/files.js';
import type { Rotator } from './rotate.js';

/** A text file that only grows, one record a line; survives being rotated away. */
export interface LineLog {
  /**
   * Appends whole lines, one call at a time: all of them or none, for half a line would spoil the
   * next one too. Resolves with null, or with why they are lost.
   */
  append(chunks: readonly Buffer[]): Promise<string | null>;
  /**
   * Sets the file aside and begins a new one; false when there is nothing in it, or when it is not
   * ours to set aside (mayRotate).
   */
  rotate(): Promise<boolean>;
  /**
   * False for a pipe, a device, a socket, and for whatever is opened through a link, as /dev/stdout:
   * to rename the name would move the link alone, and the target is in a folder of others.
   */
  mayRotate(): Promise<boolean>;
  /** Closes the file and opens the one that has its name now. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** When a log is full, and who sets it aside. */
export interface LogRotation {
  readonly bytesMax: number;
  readonly rotator: Pick<Rotator, 'rotate'>;
}

/** How often the file's name is compared with the file that is open, and its size asked for. */
const ROTATION_CHECK_MS = 1_000;

/**
 * Opens a log to append to, mode 640. Rejects with STATE_UNWRITABLE, but for a disk that takes nothing:
 * then each append tries again.
 */
export async function openLineLog(file: string, rotation: LogRotation | null): Promise<LineLog> {
  let handle: FileHandle | null = await openAppend(file).catch((error: unknown) => {
    if (!isOfDisk(error)) throw error;
    return null;
  });
  let size = handle === null ? 0 : await sizeOf(handle, file);
  let checkedAtMs = performance.now();

  const ready = async (): Promise<FileHandle> => {
    if (handle !== null && performance.now() - checkedAtMs >= ROTATION_CHECK_MS) {
      checkedAtMs = performance.now();
      if (await isSameFile(handle, file)) size = await sizeOf(handle, file);
      else await reopen();
    }
    if (handle === null) await reopen();
    if (rotation !== null && size >= rotation.bytesMax) await rotate(rotation);
    if (handle === null) throw new Error('the log is closed');
    return handle;
  };

  const reopen = async (): Promise<void> => {
    const old = handle;
    handle = null;
    await old?.close();
    handle = await openAppend(file);
    size = await sizeOf(handle, file);
  };

  const rotate = async ({ rotator }: LogRotation): Promise<void> => {
    await rotator.rotate(file);
    await reopen();
  };

  return {
    rotate: async () => {
      if (rotation === null || handle === null || (await sizeOf(handle, file)) <= 0) return false;
      await rotate(rotation);
      return true;
    },
    append: async (chunks) => {
      try {
        const written = await appendWhole(await ready(), chunks);
        size += written;
        return null;
      } catch (error) {
        return messageOf(error);
      }
    },
    mayRotate: async () => handle !== null && (await isOwnFile(handle, file)),
    reopen,
    close: async () => {
      await handle?.close();
      handle = null;
    },
  };
}

/** All of the chunks or none of them. Resolves with how many bytes they are. */
async function appendWhole(handle: FileHandle, chunks: readonly Buffer[]): Promise<number> {
  let written = 0;
  try {
    for (const bytes of chunks) {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done);
        done += bytesWritten;
        written += bytesWritten;
      }
    }
    return written;
  } catch (error) {
    const stats = await handle.stat();
    // A device or a pipe has no length to go back to.
    if (stats.isFile()) await handle.truncate(Math.max(0, stats.size - written));
    throw error;
  }
}

async function openAppend(file: string): Promise<FileHandle> {
  await prepareFile(file, 0o640);
  try {
    return await open(file, 'a');
  } catch (error) {
    throw unwritable(file, error);
  }
}

async function isSameFile(handle: FileHandle, file: string): Promise<boolean> {
  try {
    const [opened, named] = await Promise.all([handle.stat(), stat(file)]);
    return opened.ino === named.ino && opened.dev === named.dev;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** What is not ours to set aside is never full. */
async function sizeOf(handle: FileHandle, file: string): Promise<number> {
  const [{ size }, own] = await Promise.all([handle.stat(), isOwnFile(handle, file)]);
  return own ? size : Number.NEGATIVE_INFINITY;
}

/** The opened file is judged, and the name must be that file itself. */
async function isOwnFile(handle: FileHandle, file: string): Promise<boolean> {
  const opened = await handle.stat();
  return opened.isFile() && (await isFileItself(file, opened));
}
