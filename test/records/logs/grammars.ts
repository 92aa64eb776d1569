import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Grammar } from '../../../src/records/logs/grammar.js';
import { parseGrammar } from '../../../src/records/logs/parse-grammar.js';

export const GRAMMAR_FOLDER = join(import.meta.dirname, '../../../grammars');

/** Every grammar that comes with the program; throws for one whose samples are not read as they say. */
export const builtInGrammars = (): readonly Grammar[] =>
  readdirSync(GRAMMAR_FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => parseGrammar(readFileSync(join(GRAMMAR_FOLDER, name), 'utf8'), name));
