import { copyFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readNextIds } from '../../../src/store/write/next-ids.js';
import { openReader } from '../../../src/store/read/reader.js';
import { MIGRATIONS } from '../../../src/store/database/schema.js';
import { openDatabase } from '../../../src/store/database/sqlite.js';
import { openStandIn } from '../../../src/store/database/stand-in.js';
import {
  batchOf,
  closeAfterTest,
  makeFolder,
  openSampleStore,
  sampleBlock,
  sampleEvents,
  sampleSighting,
  START_US,
} from '../samples.js';

/** A database with seven events and a block; a copy of it and its WAL as a crash leaves them. */
async function crashed(): Promise<string> {
  const { store, databaseFile } = await openSampleStore();
  store.write(batchOf({ events: sampleEvents(1, 7), blocks: [sampleBlock(3)] }));
  store.write(batchOf({ sightings: [sampleSighting()] }));
  await store.flush();
  const copy = join(await makeFolder(), 'copy.db');
  for (const side of ['', '-wal']) await copyFile(`${databaseFile}${side}`, `${copy}${side}`);
  return copy;
}

async function check(file: string, expected: { blocks: number; ids: [number, number] }) {
  const standIn = closeAfterTest(await openStandIn(file));
  const count = async (table: string) =>
    (await standIn.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))?.n;
  expect([await count('blocks'), await count('sightings')]).toEqual(Array(2).fill(expected.blocks));
  const { nextEventId, nextBlockId } = await readNextIds(standIn);
  expect([nextEventId, nextBlockId]).toEqual(expected.ids);
}

describe('what stands in for a database that cannot be opened', () => {
  it('has what is in its WAL, without a file of shared memory', async () => {
    const file = await crashed();
    await writeFile(`${file}-shm`, 'no room');
    await check(file, { blocks: 1, ids: [8, 4] });
  });

  it('has what is in the file where there is no WAL', async () => {
    const file = await crashed();
    const database = await openDatabase(file, 'write');
    await database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    await database.close();
    await check(file, { blocks: 1, ids: [8, 4] });
  });

  it('begins at one where there is none, or an empty one', async () => {
    const file = join(await makeFolder(), 'new.db');
    await check(file, { blocks: 0, ids: [1, 1] });
    await writeFile(file, '');
    await check(file, { blocks: 0, ids: [1, 1] });
  });

  it('has what an older schema had', async () => {
    const file = join(await makeFolder(), 'old.db');
    const old = await openDatabase(file, 'write');
    await old.exec(MIGRATIONS[0] ?? '');
    await old.exec(`INSERT INTO blocks (id, target, scope, origin, proof, reason, created_at_us, simulated)
      VALUES (5, '192.0.2.7/32', 'all', 'manual', 'none', 'by hand', ${START_US}, 0)`);
    await old.close();
    const standIn = closeAfterTest(await openStandIn(file));
    expect(await standIn.get('SELECT target, forced FROM blocks')).toEqual({
      target: '192.0.2.7/32',
      forced: 0,
    });
    expect((await readNextIds(standIn)).nextBlockId).toBe(6);
  });

  it('is no database for those who read', async () => {
    const file = join(dirname(await crashed()), 'empty.db');
    await writeFile(file, '');
    await expect(openReader(file)).rejects.toMatchObject({ code: 'DATABASE_MISSING' });
  });
});
