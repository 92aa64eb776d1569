import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROUTES } from '../../src/api/routes/all-routes.js';

const PAGE = join(import.meta.dirname, '../../docs/API.md');

const cell = (text: string): string => text.replaceAll('|', '\\|');

function renderTable(): string {
  const rows = ROUTES.filter(({ right }) => right !== 'host').map(
    ({ method, path, right, summary, detail, query }) => {
      const names = query === null ? '' : Object.keys(query.shape).join(' ');
      const told = [`${summary}.`, detail].filter((text) => text !== '').join(' ');
      return `| \`${method} ${path}\` | ${right} | ${names === '' ? '' : `\`${names}\``} | ${cell(told)} |`;
    },
  );
  return ['| route | scope | parameters | what it does |', '|---|---|---|---|', ...rows].join('\n');
}

it('docs/API.md has the table of the routes', async () => {
  const page = readFileSync(PAGE, 'utf8');
  const [before = '', rest = ''] = page.split('<!-- routes -->');
  const [, after = ''] = rest.split('<!-- /routes -->');
  const table = `${before}<!-- routes -->\n${renderTable()}\n<!-- /routes -->${after}`;
  await expect(table).toMatchFileSnapshot(PAGE);
});
