import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseGrammar } from '../../../src/records/logs/parse-grammar.js';
import { builtInGrammars } from './grammars.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/PBX.md'), 'utf8');
const HEADING = '### What a line becomes\n\n';

const PROVEN = { none: '', transport: 'TCP, TLS', nonce: 'nonce, TCP, TLS' };

it('docs/PBX.md says of each kind of lines what it becomes', async () => {
  const rows = builtInGrammars().flatMap(({ name, lines, json }) =>
    lines.map(({ id, about, outcome, proof }) => {
      const told = json?.keys.outcome === undefined ? '' : ', or as the line says';
      const proven = json?.keys.proof === undefined ? PROVEN[proof] : 'as the line says';
      return `| \`${name}\` | \`${id}\` | ${about} | ${outcome ?? 'nothing'}${told} | ${proven} |`;
    }),
  );
  const [before = '', after = ''] = PAGE.split(HEADING);
  const [head = '', rule = ''] = after.split('\n');
  const rest = after.slice(after.indexOf('\n\n'));
  const page = `${before}${HEADING}${[head, rule, ...rows].join('\n')}${rest}`;
  await expect(page).toMatchFileSnapshot('../../../docs/PBX.md');
});

it('docs/PBX.md shows a grammar that is read', () => {
  const [, text = ''] = /```yaml\n([^]*?)```/.exec(PAGE) ?? [];
  expect(parseGrammar(text, 'docs/PBX.md').lines).toHaveLength(1);
});
