import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Grammar } from '../../records/logs/grammar.js';
import { parseGrammar } from '../../records/logs/parse-grammar.js';

/**
 * The grammars of all `*.yaml` files of the folders, by their names; one of a later folder takes the place
 * of one of the same name. A folder that is not there has none. Rejects with GRAMMAR_INVALID for
 * the first file that is wrong.
 */
export async function loadGrammars(folders: readonly string[]): Promise<readonly Grammar[]> {
  const byName = new Map<string, Grammar>();
  for (const folder of folders) {
    for (const file of await filesOf(folder)) {
      const grammar = parseGrammar(await readText(file), file);
      byName.set(grammar.name, grammar);
    }
  }
  if (byName.size > LIMITS.grammarsMax) {
    throw unreadable(folders.join(', '), `there are more than ${LIMITS.grammarsMax} grammars`);
  }
  return [...byName.values()];
}

async function filesOf(folder: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
    return names.sort().map((name) => join(folder, name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw unreadable(folder, messageOf(error));
  }
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= LIMITS.grammarFileBytesMax) return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, messageOf(error));
  }
  throw unreadable(file, `it has more than ${LIMITS.grammarFileBytesMax} bytes`);
}

const unreadable = (path: string, why: string): AgentError =>
  new AgentError(
    'GRAMMAR_INVALID',
    `${path}: ${why}`,
    'Give the agent the right to read it; docs/PBX.md, section Logs, describes grammars.',
  );
