import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentError } from '../core/model/errors.js';
import { giveToFolderOwner } from '../store/files.js';

const SECRET_BYTES = 32;

/**
 * The key of our nonces and To-tags, beside the database, mode 600. It is kept over restarts so
 * that an answer sent before one still proves its source after it; a file that is not 64
 * hexadecimal digits is refused rather than used as a weak key.
 */
export async function loadSecret(databaseFile: string): Promise<Buffer> {
  const file = join(dirname(databaseFile), 'secret');
  try {
    await makeSecret(file);
  } catch (error) {
    if (!isExists(error)) throw unusable(file, String(error), error);
  }
  const text = (await readFile(file, 'latin1')).trim();
  if (/^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  throw unusable(file, 'it does not hold 64 hexadecimal digits', null);
}

/** Whole or not at all: a full disk must not leave an empty file that every start refuses. */
async function makeSecret(file: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  const text = `${randomBytes(SECRET_BYTES).toString('hex')}\n`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    await giveToFolderOwner(draft);
    // A link fails where the name is taken, which a rename would not.
    await link(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

const isExists = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EEXIST';

const unusable = (file: string, why: string, cause: unknown): AgentError =>
  new AgentError(
    'STATE_UNWRITABLE',
    `secret ${file}: ${why}`,
    'delete the file if it is damaged (a new one is made), and make its folder writable',
    cause,
  );
