import { randomBytes, randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { loadKept } from './kept-file.js';

const SECRET_BYTES = 32;

/**
 * The key of our nonces and To-tags, beside the database, mode 600. It is kept over restarts so
 * that an answer sent before one still proves its source after it; a file that is not 64
 * hexadecimal digits is refused rather than used as a weak key.
 */
export async function loadSecret(
  databaseFile: string,
  say: (text: string) => void = () => undefined,
): Promise<Buffer> {
  const text = await loadKept({
    file: join(dirname(databaseFile), 'secret'),
    what: 'secret',
    make: () => randomBytes(SECRET_BYTES).toString('hex'),
    pattern: /^[0-9a-f]{64}$/,
    holds: '64 hexadecimal digits',
    say,
  });
  return Buffer.from(text, 'hex');
}

/** The UUID of this agent in its JSON log (`created_by_node_id`), kept beside the database. */
export function loadInstanceId(
  databaseFile: string,
  say: (text: string) => void = () => undefined,
): Promise<string> {
  return loadKept({
    file: join(dirname(databaseFile), 'instance_id'),
    what: 'instance id',
    make: () => randomUUID(),
    pattern: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    holds: 'a UUID',
    say,
  });
}
