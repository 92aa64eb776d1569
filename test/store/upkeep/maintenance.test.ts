import { open } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkDatabase } from '../../../src/store/database/check.js';
import { openReader } from '../../../src/store/read/reader.js';
import { openDatabase } from '../../../src/store/database/sqlite.js';
import {
  allBefore,
  batchOf,
  closeAfterTest,
  openSampleStore,
  pruning,
  sampleBlock,
  sampleEvent,
  sampleEvents,
  sampleSighting,
  START_US,
  type OpenedStore,
} from '../samples.js';

let opened: OpenedStore;

beforeEach(async () => {
  opened = await openSampleStore();
});

const reading = async () => closeAfterTest(await openReader(opened.databaseFile));
const bigEvent = (id: number) => sampleEvent(id, { raw: Buffer.alloc(4_000, 0x61) });
const bigEvents = (count: number) => Array.from({ length: count }, (_, at) => bigEvent(at + 1));

describe('expireBlocks', () => {
  it('ends what is over, at the time it was over, and nothing else', async () => {
    const { store } = opened;
    const over = sampleBlock(1, { expiresAtUs: START_US + 10 });
    const exact = sampleBlock(2, { expiresAtUs: START_US + 20, target: '203.0.113.8/32' });
    const later = sampleBlock(3, { expiresAtUs: START_US + 21, target: '203.0.113.9/32' });
    const forever = sampleBlock(4, { expiresAtUs: null, target: '203.0.113.10/32' });
    store.write(batchOf({ blocks: [over, exact, later, forever] }));
    const ended = await store.expireBlocks(START_US + 20);
    expect(ended).toEqual([
      { ...over, endedAtUs: START_US + 10, packetsDropped: 0, endHow: 'expired' },
      { ...exact, endedAtUs: START_US + 20, packetsDropped: 0, endHow: 'expired' },
    ]);
    expect(await store.expireBlocks(START_US + 20)).toEqual([]);
    const reader = await reading();
    const active = await reader.activeBlocks(START_US + 20);
    expect(active.map(({ id }) => id)).toEqual([3, 4]);
  });
});

describe('prune', () => {
  it('deletes what is older than a moment, and no block in force', async () => {
    const { store } = opened;
    const run = { name: 'expiry', result: 'ok', detail: '' } as const;
    store.write(
      batchOf({
        events: sampleEvents(1, 20),
        sightings: [sampleSighting({ atUs: START_US }), sampleSighting({ atUs: START_US + 10 })],
        blocks: [sampleBlock(1), sampleBlock(2), sampleBlock(3)],
        endedBlocks: [
          { id: 1, endedAtUs: START_US + 5, how: 'expired' },
          { id: 2, endedAtUs: START_US + 10, how: 'removed' },
        ],
        jobRuns: [
          { ...run, startedAtUs: START_US, finishedAtUs: START_US + 1 },
          { ...run, startedAtUs: START_US, finishedAtUs: START_US + 10 },
        ],
      }),
    );
    const counts = await store.prune(allBefore(START_US + 10));
    expect(counts).toEqual({
      events: 9,
      raw: 0,
      sightings: 1,
      blocks: 1,
      numbers: 0,
      jobRuns: 1,
    });
    const reader = await reading();
    expect(await reader.countEvents()).toBe(11);
    const blocks = await reader.pastBlocks('203.0.113.7/32');
    expect(blocks.map(({ id }) => id)).toEqual([3, 2]);
  });

  it('deletes the oldest events, and no more than the size asks', async () => {
    const { store } = opened;
    store.write(batchOf({ events: sampleEvents(1, 12_000) }));
    await store.flush();
    const reader = await reading();
    const { bytes } = await reader.databaseSize();
    const databaseBytesMax = Math.floor(bytes / 2);
    const { events } = await store.prune(pruning({ databaseBytesMax }));
    expect(events).toBeGreaterThan(0);
    expect(events).toBeLessThan(12_000);
    const after = await reader.databaseSize();
    expect(after.bytes - after.freeBytes).toBeLessThanOrEqual(databaseBytesMax);
    const [oldest] = await reader.eventsAfter(0, 1);
    expect(oldest?.id).toBe(events + 1);
  });

  it('never lets an id be given twice', async () => {
    const { store, databaseFile } = opened;
    const ended = { id: 3, endedAtUs: START_US, how: 'removed' } as const;
    store.write(
      batchOf({ events: sampleEvents(1, 9), blocks: [sampleBlock(3)], endedBlocks: [ended] }),
    );
    await store.prune(allBefore(START_US * 2));
    await store.close();
    const again = await openSampleStore({ databaseFile });
    expect([again.store.nextEventId, again.store.nextBlockId]).toEqual([10, 4]);
  });
});

describe('prune of bytes and rows', () => {
  const bytesOf = async (): Promise<(number | null)[]> => {
    const events = await (await reading()).listEvents({ limit: 100, withRaw: true });
    return events.map(({ raw }) => raw?.length ?? null).reverse();
  };

  it('takes the bytes of old events away and leaves the events', async () => {
    const { store } = opened;
    store.write(batchOf({ events: bigEvents(4) }));
    const beforeUs = { ...pruning().beforeUs, raw: START_US + 3 };
    expect(await store.prune(pruning({ beforeUs }))).toMatchObject({ events: 0, raw: 2 });
    expect(await store.prune(pruning({ beforeUs }))).toMatchObject({ raw: 0 });
    expect(await bytesOf()).toEqual([null, null, 4_000, 4_000]);
  });

  it('takes bytes first when the database is too large, but not those of the newest', async () => {
    const { store } = opened;
    store.write(batchOf({ events: bigEvents(3_000) }));
    await store.flush();
    const reader = await reading();
    const { bytes } = await reader.databaseSize();
    const counts = await store.prune(pruning({ databaseBytesMax: Math.floor(bytes * 0.7) }));
    expect(counts.events).toBe(0);
    expect(counts.raw).toBeGreaterThan(0);
    const after = await reader.databaseSize();
    expect(after.bytes - after.freeBytes).toBeLessThanOrEqual(bytes * 0.7);
    const [newest] = await reader.listEvents({ limit: 1, withRaw: true });
    expect(newest?.raw?.length).toBe(4_000);
  });

  it('keeps so many rows, and every block in force', async () => {
    const { store } = opened;
    store.write(
      batchOf({
        events: sampleEvents(1, 10),
        sightings: [sampleSighting(), sampleSighting(), sampleSighting()],
        blocks: [1, 2, 3, 4].map((id) => sampleBlock(id)),
        endedBlocks: [2, 3].map((id) => ({ id, endedAtUs: START_US, how: 'removed' }) as const),
      }),
    );
    const rowsMax = { events: 4, sightings: 1, blocks: 1 };
    const counts = await store.prune(pruning({ rowsMax }));
    expect(counts).toMatchObject({ events: 6, sightings: 2, blocks: 2 });
    const left = await (await reading()).pastBlocks('203.0.113.7/32');
    expect(left.map(({ id }) => id)).toEqual([4, 1]);
  });
});

describe('vacuum', () => {
  it('gives free pages back, as many as were asked for at most', async () => {
    const { store } = opened;
    store.write(batchOf({ events: bigEvents(3_000) }));
    await store.prune(allBefore(START_US * 2));
    const reader = await reading();
    const full = await reader.databaseSize();
    const freePages = full.freeBytes / 4_096;
    expect(freePages).toBeGreaterThan(1_000);
    expect(await store.vacuum(700)).toEqual({ pagesFreed: 700, pagesFree: freePages - 700 });
    expect(await store.vacuum(0)).toEqual({ pagesFreed: 0, pagesFree: freePages - 700 });
    expect(await store.vacuum(1e9)).toEqual({ pagesFreed: freePages - 700, pagesFree: 0 });
    const small = await reader.databaseSize();
    // Pages that only mapped the freed ones go with them.
    expect(small.bytes).toBeLessThanOrEqual(full.bytes - full.freeBytes);
  });
});

describe('checkDatabase', () => {
  it('finds nothing in a sound database, while it is written', async () => {
    opened.store.write(batchOf({ events: sampleEvents(1, 500) }));
    await opened.store.flush();
    expect(await checkDatabase(opened.databaseFile)).toEqual([]);
  });

  it('says what is wrong with a damaged one', async () => {
    opened.store.write(batchOf({ events: sampleEvents(1, 500) }));
    await opened.store.close();
    const { databaseFile } = opened;
    const index = await rootPage(databaseFile, 'events_time');
    const handle = await open(databaseFile, 'r+');
    await handle.write(Buffer.alloc(4_000, 0x55), 0, 4_000, (index - 1) * 4_096 + 90);
    await handle.close();
    expect(await checkDatabase(databaseFile)).not.toEqual([]);
  });
});

async function rootPage(databaseFile: string, name: string): Promise<number> {
  const database = await openDatabase(databaseFile, 'read');
  const sql = 'SELECT rootpage FROM sqlite_schema WHERE name = ?';
  const row = await database.get<{ rootpage: number }>(sql, [name]);
  await database.close();
  return row?.rootpage ?? 0;
}
