import { open, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { systemCode } from '../../store/database/files.js';

/** What comes of a file that grows. `anew`: another one has its name, or it was emptied. */
export type Growth = { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'anew' };

const LOOK_EVERY_MS = 250;
const READ_BYTES = 65_536;

/**
 * A file from its beginning, and what is added to it, until `signal` is aborted. Rejects with
 * RECORD_UNREADABLE when it cannot be opened; one that goes away later may come back.
 */
export async function* followFile(
  path: string,
  signal: AbortSignal,
  rest: () => Promise<unknown> = () => wait(LOOK_EVERY_MS, null, { signal }).catch(() => null),
): AsyncGenerator<Growth> {
  let file = await openToRead(path);
  let position = 0;
  try {
    while (!signal.aborted) {
      const { bytesRead, buffer } = await file.read({
        buffer: Buffer.alloc(READ_BYTES),
        position,
      });
      if (bytesRead > 0) {
        position += bytesRead;
        yield { kind: 'bytes', bytes: buffer.subarray(0, bytesRead) };
        continue;
      }
      const next = await openIfOther(path, file, position);
      if (next === null) {
        await rest();
        continue;
      }
      await file.close();
      file = next;
      position = 0;
      yield { kind: 'anew' };
    }
  } finally {
    await file.close();
  }
}

/** The file that has the name now, where it is another one, or shorter than what was read. */
async function openIfOther(
  path: string,
  file: FileHandle,
  position: number,
): Promise<FileHandle | null> {
  try {
    const [named, read] = await Promise.all([stat(path), file.stat()]);
    const same = named.ino === read.ino && named.dev === read.dev;
    return same && named.size >= position ? null : await open(path, 'r');
  } catch (error) {
    // Between two files of one name there may be none.
    if (systemCode(error) === 'ENOENT') return null;
    throw unreadable(path, error);
  }
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if (!(await file.stat()).isDirectory()) return file;
    await file.close();
  } catch (error) {
    throw unreadable(path, error);
  }
  throw unreadable(path, new Error('it is a folder'));
}

const unreadable = (path: string, error: unknown): AgentError =>
  new AgentError(
    'RECORD_UNREADABLE',
    `${path} cannot be read: ${systemCode(error) === 'ENOENT' ? 'it is not there' : messageOf(error)}`,
    'name a capture (pcap, pcapng) or a JSON log that grows, or - for standard input',
    error,
  );
