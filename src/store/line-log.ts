import { open, stat, type FileHandle } from 'node:fs/promises';
import { LIMITS } from '../core/model/limits.js';
import { messageOf, prepareFile, systemCode, unwritable } from './files.js';
import type { Rotator } from './rotate.js';

/** A text file that only grows, one record a line; survives being rotated away. */
export interface LineLog {
  /**
   * Appends a line for each record with few writes, one call at a time. `latin1` is for lines that
   * are ASCII and costs less. Resolves with null, or with why they are lost.
   */
  append<T>(
    records: readonly T[],
    format: (record: T) => string,
    encoding: 'latin1' | 'utf8',
  ): Promise<string | null>;
  /** Sets the file aside and begins a new one; false when there is nothing in it. */
  rotate(): Promise<boolean>;
  /** Closes the file and opens the one that has its name now. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** When a log is full, and who sets it aside. */
export interface LogRotation {
  readonly bytesMax: number;
  readonly rotator: Pick<Rotator, 'rotate'>;
}

const LINE_FEED = 10;
/** How often the file's name is compared with the file that is open. */
const ROTATION_CHECK_MS = 1_000;

/** Opens a log to append to, mode 640. Rejects with STATE_UNWRITABLE. */
export async function openLineLog(file: string, rotation: LogRotation | null): Promise<LineLog> {
  let handle: FileHandle | null = await openAppend(file);
  let checkedAtMs = performance.now();
  const buffer = Buffer.allocUnsafeSlow(LIMITS.logWriteBytesMax);

  const ready = async (): Promise<FileHandle> => {
    if (handle !== null && performance.now() - checkedAtMs >= ROTATION_CHECK_MS) {
      checkedAtMs = performance.now();
      if (!(await isSameFile(handle, file))) await reopen();
    }
    handle ??= await openAppend(file);
    if (rotation !== null && (await isFull(handle, rotation.bytesMax))) await rotate(rotation);
    return handle;
  };

  const reopen = async (): Promise<void> => {
    const old = handle;
    handle = null;
    await old?.close();
    handle = await openAppend(file);
  };

  const rotate = async ({ rotator }: LogRotation): Promise<void> => {
    await rotator.rotate(file);
    await reopen();
  };

  return {
    rotate: async () => {
      const stats = await handle?.stat();
      if (rotation === null || stats?.isFile() !== true || stats.size === 0) return false;
      await rotate(rotation);
      return true;
    },
    append: async (records, format, encoding) => {
      try {
        await appendWhole(await ready(), buffer, records, format, encoding);
        return null;
      } catch (error) {
        return messageOf(error);
      }
    },
    reopen,
    close: async () => {
      await handle?.close();
      handle = null;
    },
  };
}

/**
 * All of the lines or none of them: half a line would spoil the next one too. They go through one
 * buffer that is used again and again, because a fresh one of this size costs more than its filling.
 * A line is formatted when its turn comes, so that no more than one is ever a text.
 */
async function appendWhole<T>(
  handle: FileHandle,
  buffer: Buffer,
  records: readonly T[],
  format: (record: T) => string,
  encoding: 'latin1' | 'utf8',
): Promise<void> {
  let written = 0;
  const writeOut = async (bytes: Buffer): Promise<void> => {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, done);
      done += bytesWritten;
      written += bytesWritten;
    }
  };
  try {
    let used = 0;
    for (const record of records) {
      const line = format(record);
      // A line of UTF-8 takes at most three bytes for each unit of its text.
      const bytesMax = line.length * (encoding === 'utf8' ? 3 : 1) + 1;
      if (used + bytesMax > buffer.length) {
        await writeOut(buffer.subarray(0, used));
        used = 0;
      }
      if (bytesMax > buffer.length) {
        await writeOut(Buffer.from(`${line}\n`, encoding));
        continue;
      }
      used += buffer.write(line, used, encoding);
      buffer[used] = LINE_FEED;
      used += 1;
    }
    await writeOut(buffer.subarray(0, used));
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

/** What is no regular file, as /dev/stdout, is never full. */
async function isFull(handle: FileHandle, bytesMax: number): Promise<boolean> {
  const stats = await handle.stat();
  return stats.isFile() && stats.size >= bytesMax;
}
