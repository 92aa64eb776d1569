import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { fileExists, giveToFolderOwner, isOfDisk } from '../../store/database/files.js';

export interface KeptFile {
  readonly file: string;
  /** What is in it, for errors: `secret`. */
  readonly what: string;
  readonly make: () => string;
  /** What a sound one holds, and its description. */
  readonly pattern: RegExp;
  readonly holds: string;
  readonly say: (text: string) => void;
}

/**
 * The text of a file that is made once and kept over restarts, mode 600. One that holds something
 * else is refused rather than used. On a full disk it lasts for this run. Rejects with STATE_UNWRITABLE.
 */
export async function loadKept(kept: KeptFile): Promise<string> {
  const { file, what, make, pattern, holds, say } = kept;
  try {
    // One that is there needs no room: a full disk must not stop a start.
    if (!(await fileExists(file))) {
      const text = make();
      const obstacle = await makeWhole(file, text).then(() => null, onlyOfDisk);
      if (obstacle !== null) say(`${what} ${file} is for this run alone: ${obstacle}`);
      return text;
    }
  } catch (error) {
    if (!isExists(error)) throw unusable(what, file, String(error), error);
  }
  const text = await readFile(file, 'latin1').then(
    (read) => read.trim(),
    (error: unknown) => {
      throw unusable(what, file, String(error), error);
    },
  );
  if (pattern.test(text)) return text;
  throw unusable(what, file, `it does not hold ${holds}`, null);
}

/** Whole or not at all: a full disk must not leave an empty file that every start refuses. */
async function makeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    await writeFile(draft, `${text}\n`, { mode: 0o600, flag: 'wx' });
    await giveToFolderOwner(draft);
    // A link fails where the name is taken, which a rename would not.
    await link(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Why the disk takes nothing; throws what is another fault. */
function onlyOfDisk(error: unknown): string {
  if (!isOfDisk(error)) throw error;
  return messageOf(error);
}

const isExists = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EEXIST';

const unusable = (what: string, file: string, why: string, cause: unknown): AgentError =>
  new AgentError(
    'STATE_UNWRITABLE',
    `${what} ${file}: ${why}`,
    'delete the file if it is damaged (a new one is made), and make its folder writable',
    cause,
  );
