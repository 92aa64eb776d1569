import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventRecord } from '../../src/core/model/event.js';
import { LIMITS } from '../../src/core/common/limits.js';
import { openForWriting } from '../../src/store/database/migrate.js';
import { openReader } from '../../src/store/read/reader.js';
import {
  batchOf,
  closeAfterTest,
  openSampleStore,
  sampleBlock,
  sampleEvent,
  sampleEvents,
  sipText,
  START_US,
  type OpenedStore,
} from './samples.js';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
let opened: OpenedStore;

beforeEach(async () => {
  opened = await openSampleStore();
});

const reading = async () => closeAfterTest(await openReader(opened.databaseFile));
const from = (id: number, address: string, change: Partial<EventRecord> = {}) =>
  sampleEvent(id, { source: { address, port: 5060 }, ...change });
const invite = Buffer.from(sipText('INVITE'));

describe('statistics', () => {
  it('count what came, by what is known of it', async () => {
    opened.store.write(
      batchOf({
        events: [
          from(1, '203.0.113.7', { attackType: 'extension_enumeration' }),
          from(2, '203.0.113.8', { raw: invite, transport: 'tcp', proof: 'tcp' }),
          from(3, '203.0.113.7'),
        ],
        blocks: [sampleBlock(1), sampleBlock(2, { origin: 'manual', attackType: null })],
      }),
    );
    await opened.store.flush();
    const stats = await (await reading()).statsSince(0, 10);
    expect(stats).toMatchObject({ messages: 3, thinned: 0, sources: 2, blocks: 2 });
    const tops = Object.fromEntries(
      Object.entries(stats.rankings).map(([name, { top }]) => [
        name,
        top.map(({ value, count }) => `${value} ${count}`),
      ]),
    );
    expect(tops).toEqual({
      attack_type: ['extension_enumeration 1'],
      method: ['REGISTER 2', 'INVITE 1'],
      transport: ['udp 2', 'tcp 1'],
      proof: ['none 2', 'tcp 1'],
      block: ['extension_enumeration 1', 'manual 1'],
      country: [],
      source: ['203.0.113.7 2', '203.0.113.8 1'],
      user_agent: ['friendly-scanner 3'],
      user: ['101 2'],
      number: ['+442079460000 1'],
      called_country: ['GB 1'],
    });
  });

  it('hold what was thinned, as messages and by source', async () => {
    const thinned = { firstAtUs: START_US, lastAtUs: START_US + 5, messages: 40 };
    opened.store.write(batchOf({ events: [from(1, '203.0.113.7')] }));
    await opened.store.flush();
    await opened.store.close();
    opened = await openSampleStore({ databaseFile: opened.databaseFile });
    await writeThinned([
      { source: '203.0.113.7', ...thinned },
      { source: '', ...thinned },
    ]);
    const stats = await (await reading()).statsSince(0, 10);
    expect(stats).toMatchObject({ messages: 81, thinned: 80, sources: 1 });
    const { top, total } = stats.rankings.source;
    expect(top).toEqual([{ value: '203.0.113.7', count: 41 }]);
    expect(total).toBe(81);
  });

  it('tell days and hours apart', async () => {
    const at = (id: number, us: number) => sampleEvent(id, { receivedAtUs: START_US + us });
    opened.store.write(
      batchOf({ events: [at(1, 0), at(2, HOUR_US), at(3, HOUR_US + 1), at(4, DAY_US)] }),
    );
    await opened.store.flush();
    const reader = await reading();
    expect((await reader.statsSince(START_US + DAY_US + 7, 1)).messages).toBe(1);
    expect((await reader.statsSince(START_US, 1)).messages).toBe(4);
    const bars = async (span: 'hour' | 'day', nowUs: number, count: number) =>
      (await reader.series(span, nowUs, count)).map(({ messages }) => messages);
    expect(await bars('hour', START_US + 2 * HOUR_US + 9, 4)).toEqual([0, 1, 2, 0]);
    expect(await bars('day', START_US + DAY_US, 3)).toEqual([0, 3, 1]);
  });

  it('give values beyond the bound of an hour no counter of their own', async () => {
    const count = LIMITS.countedValuesPerHourMax + 10;
    const events = Array.from({ length: count }, (_, at) =>
      from(at + 1, `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`),
    );
    opened.store.write(batchOf({ events }));
    await opened.store.flush();
    const stats = await (await reading()).statsSince(0, LIMITS.listedRowsMax);
    expect(stats.rankings.source.top).toHaveLength(LIMITS.countedValuesPerHourMax);
    expect(stats.rankings.source.total).toBe(count);
    expect(stats.sources).toBe(count);
  });

  it('count a block once, however often it is written', async () => {
    opened.store.write(batchOf({ blocks: [sampleBlock(1)] }));
    opened.store.write(batchOf({ blocks: [sampleBlock(1, { reason: 'another' })] }));
    await opened.store.flush();
    expect((await (await reading()).statsSince(0, 1)).blocks).toBe(1);
  });

  it('count what blocks dropped, each packet once', async () => {
    const { store } = opened;
    store.write(
      batchOf({ blocks: [sampleBlock(1), sampleBlock(2, { target: '203.0.113.8/32' })] }),
    );
    await store.recordDrops([{ id: 1, packets: 5 }]);
    await store.recordDrops([
      { id: 1, packets: 7 },
      { id: 2, packets: 1 },
    ]);
    expect((await (await reading()).statsSince(0, 1)).packetsDropped).toBe(8);
  });

  it('count at the next opening what a crash left out, once', async () => {
    const { store, databaseFile } = opened;
    const thinned = { source: '203.0.113.9', firstAtUs: START_US, lastAtUs: START_US, messages: 5 };
    store.write(batchOf({ events: sampleEvents(1, 3) }));
    await store.flush();
    const invites = [from(4, '203.0.113.8', { raw: invite }), from(5, '203.0.113.8')];
    store.write(batchOf({ events: invites, blocks: [sampleBlock(1)] }));
    // Committed, and copied before the statistics of this second are written.
    await expect
      .poll(() => store.stats(), { interval: 5 })
      .toMatchObject({ committed: 5, decisionsCommitted: 1 });
    const crashed = join(dirname(databaseFile), 'crashed.db');
    for (const side of ['', '-wal']) await copyFile(`${databaseFile}${side}`, `${crashed}${side}`);
    const before = closeAfterTest(await openReader(crashed));
    expect(await before.statsSince(0, 10)).toMatchObject({ messages: 3, blocks: 0 });
    // These are read beside the statistics.
    expect(await before.countEvents()).toBe(5);
    expect(await before.listEvents({ limit: 9, method: 'INVITE' })).toHaveLength(1);
    await before.close();
    const other = await openForWriting(crashed);
    const sql = 'INSERT INTO thinned (source_ip, first_us, last_us, messages) VALUES (?, ?, ?, ?)';
    await other.run(sql, Object.values(thinned));
    await other.close();
    for (const opening of ['first', 'second']) {
      const again = await openSampleStore({ databaseFile: crashed });
      const reader = closeAfterTest(await openReader(crashed));
      const stats = await reader.statsSince(0, 10);
      expect(stats, opening).toMatchObject({ messages: 10, thinned: 5, blocks: 1, sources: 3 });
      expect(stats.rankings.number.top).toEqual([{ value: '+442079460000', count: 1 }]);
      expect(stats.rankings.user.top).toEqual([{ value: '101', count: 4 }]);
      expect(await reader.countEvents()).toBe(5);
      await again.store.close();
    }
  });

  it('stay when the events are deleted; the number of events kept does not', async () => {
    const { store } = opened;
    store.write(batchOf({ events: sampleEvents(1, 30) }));
    await store.flush();
    const reader = await reading();
    expect(await reader.countEvents()).toBe(30);
    await store.prune({
      beforeUs: { events: START_US + 11, raw: null, sightings: null, blocks: null, numbers: null },
      rowsMax: { events: 0, sightings: 0, blocks: 0 },
      databaseBytesMax: null,
    });
    expect(await reader.countEvents()).toBe(20);
    expect((await reader.statsSince(0, 1)).messages).toBe(30);
  });
});

describe('rollUp', () => {
  it('sums up what is rare of a day that is over, and changes no total', async () => {
    const keep = LIMITS.countedValuesPerDayMax;
    const events = Array.from({ length: keep + 20 }, (_, at) =>
      from(at + 1, `10.0.${at >> 8}.${at & 255}`),
    );
    const frequent = from(keep + 21, '10.0.0.3');
    opened.store.write(batchOf({ events: [...events, frequent] }));
    const reader = await reading();
    expect(await opened.store.rollUp(START_US + DAY_US - 1)).toBe(0);
    expect(await opened.store.rollUp(START_US + DAY_US)).toBe(20);
    const { source } = (await reader.statsSince(0, LIMITS.listedRowsMax)).rankings;
    expect(source.total).toBe(keep + 21);
    expect(source.top).toHaveLength(keep);
    expect(source.top[0]).toEqual({ value: '10.0.0.3', count: 2 });
    // After a month a day keeps few values, and no hours.
    await opened.store.rollUp(START_US + 40 * DAY_US);
    const later = (await reader.statsSince(0, LIMITS.listedRowsMax)).rankings.source;
    expect(later.top).toHaveLength(LIMITS.countedValuesPerOldDayMax);
    expect(later.total).toBe(keep + 21);
    const hours = await reader.series('hour', START_US, 1);
    expect(hours).toEqual([{ beganAtUs: START_US, messages: 0 }]);
  });
});

type Thinned = NonNullable<Parameters<OpenedStore['store']['write']>[0]['thinned']>;

/** As the queue hands them over: write() of the store takes no counts, so they go in beside it. */
async function writeThinned(thinned: Thinned): Promise<void> {
  const { createCounterTally } = await import('../../src/store/statistics/tally-counters.js');
  const database = await openForWriting(opened.databaseFile);
  const tally = createCounterTally(database, () => null, 0);
  tally.add({ blocks: [], thinned, tallied: [] }, []);
  await tally.write();
  await tally.finalize();
  await database.close();
}
