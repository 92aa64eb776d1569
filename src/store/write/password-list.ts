import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { systemCode } from '../database/files.js';

export interface PasswordList {
  readonly words: readonly string[];
  /** Sentences about files that could not be used. */
  readonly notices: readonly string[];
}

/**
 * Reads lists of passwords, one a line; empty lines and those that begin with `#` and a blank are
 * left out. A file that is not there is no list. One that cannot be read, or is too large, is told
 * and left out, for the agent works without; at most `passwordWordsMax` words are taken in all.
 */
export async function readPasswordLists(files: readonly string[]): Promise<PasswordList> {
  const words = new Set<string>();
  const notices: string[] = [];
  for (const file of files) {
    try {
      const { size } = await stat(file);
      if (size > LIMITS.passwordFileBytesMax) throw new Error(`it has ${size} bytes`);
      for (const line of (await readFile(file, 'latin1')).split('\n')) {
        const word = line.replace(/\r$/, '');
        if (word !== '' && !/^#(?: |$)/.test(word)) words.add(word);
      }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') continue;
      notices.push(`the list of passwords ${file} is not used: ${messageOf(error)}`);
    }
  }
  const all = [...words];
  const over = all.length - LIMITS.passwordWordsMax;
  if (over > 0) notices.push(`${over} passwords of the lists are not used: there are too many`);
  return { words: all.slice(0, LIMITS.passwordWordsMax), notices };
}
