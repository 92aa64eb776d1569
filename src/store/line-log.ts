import { open, stat, type FileHandle } from 'node:fs/promises';
import { messageOf, prepareFile, systemCode, unwritable } from './files.js';

/** A text file that only grows, one record a line; survives being rotated away. */
export interface LineLog {
  /** Appends the lines with one write. Resolves with null, or with why they are lost. */
  append(lines: readonly string[]): Promise<string | null>;
  /** Closes the file and opens the one that has its name now. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** How often the file's name is compared with the file that is open. */
const ROTATION_CHECK_MS = 1_000;

/** Opens a log to append to, mode 640. Rejects with STATE_UNWRITABLE. */
export async function openLineLog(file: string): Promise<LineLog> {
  let handle: FileHandle | null = await openAppend(file);
  let checkedAtMs = performance.now();

  const ready = async (): Promise<FileHandle> => {
    if (handle !== null && performance.now() - checkedAtMs >= ROTATION_CHECK_MS) {
      checkedAtMs = performance.now();
      if (!(await isSameFile(handle, file))) await reopen();
    }
    handle ??= await openAppend(file);
    return handle;
  };

  const reopen = async (): Promise<void> => {
    const old = handle;
    handle = null;
    await old?.close();
    handle = await openAppend(file);
  };

  return {
    append: async (lines) => {
      try {
        await appendWhole(await ready(), lines);
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

/** All of the lines or none of them: half a line would spoil the next one too. */
async function appendWhole(handle: FileHandle, lines: readonly string[]): Promise<void> {
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  const { size } = await handle.stat();
  try {
    for (let done = 0; done < bytes.length;) {
      done += (await handle.write(bytes, done)).bytesWritten;
    }
  } catch (error) {
    // A device or a pipe has no length to go back to.
    if ((await handle.stat()).isFile()) await handle.truncate(size);
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
