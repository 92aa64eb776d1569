import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { LIMITS } from '../../src/core/common/limits.js';
import { openForWriting } from '../../src/store/database/migrate.js';
import { APPLICATION_ID, MIGRATIONS } from '../../src/store/database/schema.js';
import { closeAfterTest, makeFolder } from './samples.js';

const DOCUMENT = resolve(import.meta.dirname, '../../docs/DATABASE.md');

async function readTables(): Promise<Record<string, string[]>> {
  const database = closeAfterTest(await openForWriting(join(await makeFolder(), 'sentrypeer.db')));
  const rows = await database.all<{ tableName: string; columnName: string }>(
    `SELECT schema.name AS tableName, info.name AS columnName
     FROM sqlite_schema AS schema JOIN pragma_table_xinfo(schema.name) AS info
     WHERE schema.type IN ('table', 'view') AND schema.name NOT LIKE 'sqlite_%'`,
  );
  const tables: Record<string, string[]> = {};
  for (const { tableName, columnName } of rows) (tables[tableName] ??= []).push(columnName);
  return tables;
}

/** `## table` and below it, first in each row of the list, the columns. */
function documentedTables(text: string): Record<string, string[]> {
  const sections = text.split(/^## /m).slice(1);
  return Object.fromEntries(
    sections.map((section) => {
      const columns = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name ?? '');
      return [section.slice(0, section.indexOf('\n')), columns];
    }),
  );
}

it('the document names every table and column, in order, and no other', async () => {
  expect(documentedTables(await readFile(DOCUMENT, 'utf8'))).toEqual(await readTables());
});

it('the document names the numbers of the program', async () => {
  const text = await readFile(DOCUMENT, 'utf8');
  expect(text).toContain(`\`PRAGMA application_id\` is ${APPLICATION_ID} `);
  expect(text).toContain(`the number of the schema: ${MIGRATIONS.length}.`);
  expect(text).toContain(`${LIMITS.columnTextCharsMax} characters`);
  expect(text).toContain(`up to ${LIMITS.rawBytesMax.toLocaleString('en')} |`);
});
