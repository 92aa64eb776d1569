import { mkdir, open, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkDatabase } from '../../../src/store/database/check.js';
import { openForWriting, readPragma } from '../../../src/store/database/migrate.js';
import { APPLICATION_ID, MIGRATIONS } from '../../../src/store/database/schema.js';
import { openDatabase } from '../../../src/store/database/sqlite.js';
import { closeAfterTest, makeFolder } from '../samples.js';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await makeFolder();
  file = join(folder, 'sentrypeer.db');
});

const make = async (sql: string): Promise<void> => {
  const database = await openDatabase(file, 'write');
  await database.exec(sql);
  await database.close();
};

const makeOurs = async (sql = ''): Promise<void> => {
  const database = await openForWriting(file);
  await database.exec(sql);
  await database.close();
};

describe('openForWriting', () => {
  it('makes a database with our mark, incremental vacuum and WAL', async () => {
    const database = closeAfterTest(await openForWriting(file));
    const pragmas = ['application_id', 'user_version', 'auto_vacuum', 'synchronous'];
    const values = await Promise.all(pragmas.map((name) => readPragma(database, name)));
    expect(values).toEqual([APPLICATION_ID, MIGRATIONS.length, 2, 1]);
    expect(await database.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
  });

  it('puts three indexes on the events at most', async () => {
    const database = closeAfterTest(await openForWriting(file));
    const indexes = await database.all("SELECT name FROM pragma_index_list('events')");
    expect(indexes.length).toBeLessThanOrEqual(3);
  });

  const refusals: [string, string, () => Promise<void>][] = [
    ['another program’s database', 'DATABASE_FOREIGN', () => make('CREATE TABLE honey (id)')],
    ['another application_id', 'DATABASE_FOREIGN', () => make('PRAGMA application_id = 7')],
    [
      'what is no database',
      'DATABASE_FOREIGN',
      () => writeFile(file, 'sip_domain = a\n'.repeat(99)),
    ],
    ['a newer schema', 'DATABASE_NEWER', () => makeOurs('PRAGMA user_version = 99')],
    ['a damaged schema', 'DATABASE_DAMAGED', damageSchema],
  ];

  it.each(refusals)('refuses %s with %s and changes nothing', async (_, code, prepare) => {
    await prepare();
    const before = await stat(file);
    await expect(openForWriting(file)).rejects.toMatchObject({ code });
    const after = await stat(file);
    expect([after.size, after.mode]).toEqual([before.size, before.mode]);
    expect(await readdir(folder)).toEqual(['sentrypeer.db']);
  });

  it('copies a database before it migrates it, for its owner alone', async () => {
    await makeOurs("INSERT INTO meta VALUES ('a', 'b')");
    const next = [...MIGRATIONS, 'CREATE TABLE added (id INTEGER PRIMARY KEY)'];
    const database = closeAfterTest(await openForWriting(file, next));
    expect(await readPragma(database, 'user_version')).toBe(next.length);
    expect(await database.get('SELECT value FROM meta')).toEqual({ value: 'b' });

    const copies = (await readdir(folder)).filter((name) => name.endsWith('.bak'));
    const pattern = new RegExp(`^sentrypeer\\.db\\.v${MIGRATIONS.length}-\\d{8}T\\d{6}Z\\.bak$`);
    expect(copies).toEqual([expect.stringMatching(pattern)]);
    const copy = join(folder, copies[0] ?? '');
    expect(((await stat(copy)).mode & 0o777).toString(8)).toBe('600');
    const old = closeAfterTest(await openDatabase(copy, 'read'));
    expect(await readPragma(old, 'user_version')).toBe(MIGRATIONS.length);
    expect(await old.get('SELECT value FROM meta')).toEqual({ value: 'b' });
  });

  it('gives a copy its name when it is whole, and begins anew what a crash left of one', async () => {
    await makeOurs();
    await writeFile(`${file}.bak.partial`, 'half a copy');
    const next = [...MIGRATIONS, 'CREATE TABLE added (id INTEGER PRIMARY KEY)'];
    closeAfterTest(await openForWriting(file, next));
    const names = (await readdir(folder)).filter((name) => name.includes('.bak'));
    expect(names).toEqual([expect.stringMatching(/Z\.bak$/)]);
    expect(await checkDatabase(join(folder, names[0] ?? ''), 'inspect')).toEqual([]);
  });

  it('leaves no name of a copy behind when there is no making one', async () => {
    await makeOurs();
    await mkdir(`${file}.bak.partial`);
    const next = [...MIGRATIONS, 'CREATE TABLE added (id INTEGER PRIMARY KEY)'];
    await expect(openForWriting(file, next)).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
    expect((await readdir(folder)).filter((name) => name.endsWith('.bak'))).toEqual([]);
  });

  it('leaves the database as it was when a migration fails', async () => {
    await makeOurs();
    const broken = [...MIGRATIONS, 'CREATE TABLE added (id); CREATE TABLE added (id)'];
    await expect(openForWriting(file, broken)).rejects.toThrow('already exists');
    const database = closeAfterTest(await openForWriting(file));
    expect(await readPragma(database, 'user_version')).toBe(MIGRATIONS.length);
    expect(await database.get("SELECT 1 FROM sqlite_schema WHERE name = 'added'")).toBeNull();
  });
});

/** The header stays as it is; the tree of the schema behind it, from byte 100 on, does not. */
async function damageSchema(): Promise<void> {
  await makeOurs();
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(400, 0xff), 0, 400, 100);
  await handle.close();
}
