import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open.js';
import { openDatabase } from '../../src/store/database/sqlite.js';
import { openReader } from '../../src/store/read/reader.js';
import {
  batchOf,
  makeFolder,
  openSampleStore,
  sampleBlock,
  sampleEvents,
  sampleSighting,
  START_US,
} from './samples.js';

const PAGE_BYTES = 4_096;
const EVENTS = 12;

/** The bytes of a small database of every kind of row. */
let good: Buffer;

beforeAll(async () => {
  const { store, databaseFile } = await openSampleStore({ instanceId: 'one' });
  store.write(
    batchOf({
      events: sampleEvents(1, EVENTS),
      blocks: [sampleBlock(1), sampleBlock(2)],
      sightings: [sampleSighting()],
    }),
  );
  await store.protectPeer({ name: '192.0.2.0/24', addedAtUs: 1, note: 'trunk' });
  await store.close();
  good = await readFile(databaseFile);
});

interface Started {
  readonly events: number;
  readonly names: readonly string[];
  readonly notices: readonly string[];
}

/** What an agent's start and first minute ask of a database, of the file of these bytes. */
async function startOn(bytes: Buffer): Promise<Started> {
  const folder = await makeFolder();
  const databaseFile = join(folder, 'agent.db');
  await writeFile(databaseFile, bytes);
  const notices: string[] = [];
  const store = await openStore({
    databaseFile,
    jsonLogFile: null,
    inWorker: false,
    instanceId: 'one',
    onNotice: (text) => notices.push(text),
  });
  await store.expireBlocks(START_US);
  const reader = await openReader(databaseFile, null, store.mend);
  for (const read of [
    () => reader.activeBlocks(START_US),
    () => reader.lastDetectorBlocks(0),
    () => reader.recentSightings(0),
    () => reader.provenBlockCounts(),
    () => reader.protectedPeers(),
    () => reader.jobRuns(),
    () => reader.listEvents({ limit: 10, withRaw: true }),
    () => reader.totalsSince(0),
    () => reader.ruleActivity(0),
  ]) {
    await read();
  }
  store.write(batchOf({ events: sampleEvents(1_000, 3), blocks: [sampleBlock(100)] }));
  await store.flush();
  expect(store.stats()).toMatchObject({ committed: 3, failed: 0, queued: 0, decisionsLost: 0 });
  await reader.close();
  await store.close();
  const again = await openReader(databaseFile);
  expect((await again.listEvents({ limit: 1 })).map(({ id }) => id)).toEqual([1_002]);
  const events = (await again.listEvents({ limit: 100 })).length;
  await again.close();
  return { events, notices, names: await readdir(folder) };
}

/** It is carried on, and what was set aside is said. */
async function carriesOn(bytes: Buffer): Promise<Started> {
  const started = await startOn(bytes);
  const aside = started.names.filter((name) => /damaged-\d+T\d+Z$/.test(name));
  const said = started.notices.filter((text) => text.startsWith('the damaged database lies in'));
  expect(aside).toHaveLength(said.length);
  expect(aside.length).toBeLessThan(2);
  return started;
}

const changed = (at: number, bytes: Buffer): Buffer => {
  const copy = Buffer.from(good);
  bytes.copy(copy, at);
  return copy;
};

/** Nonsense that is the same in every run. */
const nonsense = (seed: number): Buffer =>
  Buffer.from(
    Array.from({ length: PAGE_BYTES }, (_, at) => (at * 7_919 + seed * 31 + (at >> 3)) & 255),
  );

describe('a start', () => {
  it.each([
    ['nonsense', nonsense],
    ['zeros', () => Buffer.alloc(PAGE_BYTES)],
  ])(
    'succeeds whichever page is overwritten with %s, and saves what can be read',
    async (_, fill) => {
      const pages = good.length / PAGE_BYTES;
      expect(pages).toBeGreaterThan(30);
      const kept: number[] = [];
      for (let page = 0; page < pages; page += 1) {
        const { events } = await carriesOn(changed(page * PAGE_BYTES, fill(page)));
        kept.push(events);
      }
      // Without the pages of the schema nothing is found; all else costs its own rows alone.
      expect(kept.filter((events) => events === EVENTS + 3).length).toBeGreaterThan(pages - 7);
    },
    15_000,
  );

  it.each([
    ['magic', 0, 16],
    ['page size', 16, 2],
    ['write version', 18, 1],
    ['read version', 19, 1],
    ['bytes kept free', 20, 1],
    ['largest fraction', 21, 1],
    ['least fraction', 22, 1],
    ['leaf fraction', 23, 1],
    ['change counter', 24, 4],
    ['size in pages', 28, 4],
    ['first free page', 32, 4],
    ['count of free pages', 36, 4],
    ['schema cookie', 40, 4],
    ['schema format', 44, 4],
    ['cache size', 48, 4],
    ['largest root page', 52, 4],
    ['text encoding', 56, 4],
    ['user version', 60, 4],
    ['incremental vacuum', 64, 4],
    ['application id', 68, 4],
    ['reserved bytes', 72, 20],
    ['version valid for', 92, 4],
    ['SQLite version', 96, 4],
    ['all of it', 0, 100],
  ])('succeeds whatever stands in the header as %s', async (_name, at, bytes) => {
    for (const value of [0x00, 0x7f, 0xff])
      await carriesOn(changed(at, Buffer.alloc(bytes, value)));
  });

  it('never takes a file of another program for a damaged one', async () => {
    const letter = Buffer.from('a letter to my aunt, which is no database at all\n'.repeat(9_000));
    await expect(startOn(letter)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
    const folder = await makeFolder();
    const other = await openDatabase(join(folder, 'other.db'), 'write');
    await other.exec('PRAGMA application_id = 7; CREATE TABLE letters (body TEXT)');
    await other.close();
    const bytes = await readFile(join(folder, 'other.db'));
    await expect(startOn(bytes)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
    nonsense(1).copy(bytes, 16, 0, 60);
    await expect(startOn(bytes)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
  });

  it('takes a file of zeros, as a power cut leaves it, for a damaged one', async () => {
    expect(await carriesOn(Buffer.alloc(good.length))).toMatchObject({ events: 3 });
  });
});
