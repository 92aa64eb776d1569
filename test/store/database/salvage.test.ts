import { open, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDatabase } from '../../../src/store/database/check.js';
import { openReader } from '../../../src/store/read/reader.js';
import { markDamaged } from '../../../src/store/database/salvage.js';
import { openDatabase } from '../../../src/store/database/sqlite.js';
import {
  batchOf,
  closeAfterTest,
  openSampleStore,
  sampleBlock,
  sampleEvents,
  sampleSighting,
} from '../samples.js';

const EVENTS = 4_000;

async function makeDatabase(): Promise<string> {
  const { store, databaseFile } = await openSampleStore();
  store.write(
    batchOf({
      events: sampleEvents(1, EVENTS),
      blocks: [sampleBlock(1), sampleBlock(2)],
      sightings: [sampleSighting()],
    }),
  );
  await store.protectPeer({ name: '192.0.2.0/24', addedAtUs: 1, note: 'trunk' });
  await store.close();
  return databaseFile;
}

/** Overwrites a page in the middle of the events with nonsense. */
async function damageMiddle(databaseFile: string): Promise<void> {
  const database = await openDatabase(databaseFile, 'read');
  const row = await database.get<{ page: number }>(
    `SELECT pageno AS page FROM dbstat WHERE name = 'events' AND pagetype = 'leaf'
     ORDER BY path LIMIT 1 OFFSET 200`,
  );
  await database.close();
  await overwrite(databaseFile, ((row?.page ?? 0) - 1) * 4_096, 4_096);
}

async function overwrite(file: string, at: number, length: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(length, 0xff), 0, length, at);
  await handle.close();
}

const reopen = async (databaseFile: string) => {
  const opened = await openSampleStore({ databaseFile });
  const reader = closeAfterTest(await openReader(databaseFile));
  return { ...opened, reader };
};

describe('a damaged database', () => {
  it('is set aside at the next start, and what can be read is saved', async () => {
    const databaseFile = await makeDatabase();
    await damageMiddle(databaseFile);
    expect(await checkDatabase(databaseFile)).not.toEqual([]);
    await markDamaged(databaseFile);
    const { store, reader, notices } = await reopen(databaseFile);
    expect(notices).toEqual([expect.stringContaining('lost parts of events')]);
    expect(await checkDatabase(databaseFile)).toEqual([]);
    const kept = await reader.countEvents();
    expect(kept).toBeGreaterThan(EVENTS * 0.9);
    expect(kept).toBeLessThan(EVENTS);
    expect((await reader.pastBlocks('203.0.113.7/32')).map(({ id }) => id)).toEqual([2, 1]);
    expect(await reader.protectedPeers()).toHaveLength(1);
    expect((await reader.statsSince(0, 1)).messages).toBe(EVENTS);
    // Ids go on after the last one that was given.
    expect(store.nextEventId).toBe(EVENTS + 1);
    const names = await readdir(dirname(databaseFile));
    expect(names.filter((name) => /\.damaged-\d{8}T\d{6}Z$/.test(name))).toHaveLength(1);
    expect(names).not.toContain('sentrypeer.db.damaged');
  });

  it('is saved whole when it was sound after all', async () => {
    const databaseFile = await makeDatabase();
    await markDamaged(databaseFile);
    const { reader, notices } = await reopen(databaseFile);
    expect(notices).toEqual([expect.stringContaining('lost nothing')]);
    expect(await reader.countEvents()).toBe(EVENTS);
    expect(await reader.eventsAfter(EVENTS - 1, 1, true)).toMatchObject([
      { id: EVENTS, raw: sampleEvents(1, 1)[0]?.raw },
    ]);
  });

  it('does not keep the agent from starting when nothing of it can be read', async () => {
    const databaseFile = await makeDatabase();
    await overwrite(databaseFile, 100, 3_996);
    const { reader } = await reopen(databaseFile);
    expect(await reader.countEvents()).toBe(0);
  });
});
