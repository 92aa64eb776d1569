import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readdirSync } from 'node:fs';
import { parseGrammar } from '../../../src/records/logs/parse-grammar.js';
import { GRAMMAR_FOLDER } from './grammars.js';

describe('the grammars that come with the program', () => {
  it.each(readdirSync(GRAMMAR_FOLDER))('%s: each sample is read as it says', (name) => {
    const grammar = parseGrammar(readFileSync(join(GRAMMAR_FOLDER, name), 'utf8'), name);
    expect(grammar.samples.length).toBeGreaterThan(0);
  });
});
