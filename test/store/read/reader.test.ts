import { parseCidr } from '../../../src/core/common/address.js';
import { chmod, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openEmptyReader, openReader, type Reader } from '../../../src/store/read/reader.js';
import { openDatabase } from '../../../src/store/database/sqlite.js';
import {
  batchOf,
  closeAfterTest,
  makeFolder,
  openSampleStore,
  sampleBlock,
  sampleEvent,
  sampleEvents,
  sampleSighting,
  sipText,
  START_US,
  type OpenedStore,
} from '../samples.js';
import type { StoreBatch } from '../../../src/store/types.js';

let opened: OpenedStore;
let reader: Reader;

beforeEach(async () => {
  opened = await openSampleStore();
  reader = closeAfterTest(await openReader(opened.databaseFile));
});

const store = async (parts: Partial<StoreBatch>) => {
  opened.store.write(batchOf(parts));
  await opened.store.flush();
};

const idsOf = (rows: readonly { id: number }[]) => rows.map(({ id }) => id);

it('an empty reader answers every question, with nothing', async () => {
  const empty = closeAfterTest(await openEmptyReader());
  expect(await empty.countEvents()).toBe(0);
  expect(await empty.listNumbers({ limit: 10, order: 'last' })).toEqual([]);
  expect(await empty.findNumber('+442071838750')).toEqual([]);
  expect(await empty.totalsSince(0)).toMatchObject(await reader.totalsSince(0));
  expect(await empty.showSource('192.0.2.1')).toBeNull();
});

describe('openReader', () => {
  it('names a database that is not there', async () => {
    const file = join(await makeFolder(), 'none', 'sentrypeer.db');
    await expect(openReader(file)).rejects.toMatchObject({ code: 'DATABASE_MISSING' });
  });

  it('refuses what is not ours', async () => {
    const file = join(await makeFolder(), 'other.db');
    const other = await openDatabase(file, 'write');
    await other.exec('CREATE TABLE honey (id)');
    await other.close();
    await expect(openReader(file)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
    await writeFile(file, 'no database at all '.repeat(100));
    await expect(openReader(file)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
  });

  it('reads after the agent has ended and taken its write-ahead log away', async () => {
    await store({ events: sampleEvents(1, 3) });
    await reader.close();
    await opened.store.close();
    reader = closeAfterTest(await openReader(opened.databaseFile));
    expect(await reader.countEvents()).toBe(3);
  });

  it('says who may read what this user may not', async () => {
    await reader.close();
    await opened.store.close();
    await chmod(opened.databaseFile, 0o000);
    // Root may read everything, so root becomes nobody for a moment.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(openReader(opened.databaseFile)).rejects.toMatchObject({
        code: 'DATABASE_UNREADABLE',
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('reads in a folder that it may not write', async () => {
    await store({ events: sampleEvents(1, 3) });
    await reader.close();
    await opened.store.close();
    const folder = dirname(opened.databaseFile);
    await chmod(dirname(folder), 0o755);
    await chmod(folder, 0o555);
    await chmod(opened.databaseFile, 0o444);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      const other = closeAfterTest(await openReader(opened.databaseFile));
      expect(await other.countEvents()).toBe(3);
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(folder, 0o755);
    }
  });
});

describe('listEvents', () => {
  beforeEach(async () => {
    const scan = { attackType: 'sip_scan', source: { address: '2001:db8::7', port: 1 } } as const;
    await store({
      events: [
        ...sampleEvents(1, 4),
        sampleEvent(5, { ...scan, raw: Buffer.from(sipText('OPTIONS')) }),
        sampleEvent(6, scan),
      ],
    });
  });

  const cases: [string, Parameters<Reader['listEvents']>[0], number[]][] = [
    ['the newest first', { limit: 3 }, [6, 5, 4]],
    ['a page further back', { limit: 3, beforeId: 4 }, [3, 2, 1]],
    ['one source', { limit: 9, source: '2001:db8::7' }, [6, 5]],
    ['one attack', { limit: 9, attackType: 'sip_scan' }, [6, 5]],
    ['one method', { limit: 9, method: 'OPTIONS' }, [5]],
    ['since a moment', { limit: 9, sinceUs: START_US + 5 }, [6, 5]],
    ['all conditions together', { limit: 9, method: 'REGISTER', sinceUs: START_US + 4 }, [6, 4]],
    ['nothing for a limit of nothing', { limit: 0 }, []],
    ['nothing for a limit below it', { limit: -1 }, []],
  ];

  it.each(cases)('lists %s', async (_, filter, ids) => {
    expect(idsOf(await reader.listEvents(filter))).toEqual(ids);
  });

  it('leaves the bytes out unless they are asked for', async () => {
    const [bare] = await reader.listEvents({ limit: 1 });
    const [whole] = await reader.listEvents({ limit: 1, withRaw: true });
    expect(bare?.raw).toBeNull();
    expect(whole?.raw?.toString()).toBe(sipText('REGISTER'));
  });

  it('follows what comes after an event, oldest first', async () => {
    expect(idsOf(await reader.eventsAfter(2, 2))).toEqual([3, 4]);
    await store({ events: sampleEvents(7, 1) });
    expect(idsOf(await reader.eventsAfter(5, 9))).toEqual([6, 7]);
  });
});

describe('listBlocks', () => {
  beforeEach(async () => {
    await store({
      blocks: [
        sampleBlock(1, { target: '198.51.100.0/24', expiresAtUs: null }),
        sampleBlock(2, { proof: 'tcp' }),
        sampleBlock(3, { expiresAtUs: START_US + 5 }),
        sampleBlock(4, { proof: 'nonce' }),
        sampleBlock(5, { proof: 'tcp', target: '198.51.100.1/32' }),
        sampleBlock(6, { proof: 'tcp', simulated: true }),
      ],
      endedBlocks: [{ id: 2, endedAtUs: START_US + 9, how: 'replaced' }],
    });
  });

  const nowUs = START_US + 10;
  const cases: [string, Parameters<Reader['countBlocks']>[0], number[]][] = [
    ['those in force', { which: 'active', nowUs }, [6, 5, 4, 1]],
    ['all', { which: 'all', nowUs }, [6, 5, 4, 3, 2, 1]],
    ['those of a target', { which: 'active', nowUs, targets: ['203.0.113.7/32'] }, [6, 4]],
    ['those that were in force then', { which: 'active', nowUs: START_US }, [6, 5, 4, 3, 1]],
  ];

  it.each(cases)('lists and counts %s', async (_, filter, ids) => {
    const all = await reader.listBlocks({ ...filter, limit: 100, offset: 0 });
    expect(idsOf(all)).toEqual(ids);
    expect(await reader.countBlocks(filter)).toBe(ids.length);
    const page = await reader.listBlocks({ ...filter, limit: 1, offset: 1 });
    expect(idsOf(page)).toEqual(ids.slice(1, 2));
  });

  it('counts the proven blocks of each target, the latest target last', async () => {
    expect(await reader.provenBlockCounts()).toEqual([
      ['203.0.113.7/32', 2],
      ['198.51.100.1/32', 1],
    ]);
  });
});

describe('showSource', () => {
  it('tells all that is known of an address', async () => {
    const invite = Buffer.from(sipText('INVITE'));
    await store({
      events: [
        ...sampleEvents(1, 2),
        sampleEvent(3, { raw: invite }),
        sampleEvent(4, { source: { address: '203.0.113.8', port: 1 } }),
      ],
      sightings: [sampleSighting(), sampleSighting({ source: '203.0.113.8' })],
      blocks: [
        sampleBlock(1),
        sampleBlock(2, { target: '203.0.113.0/24' }),
        sampleBlock(3, { target: '203.0.113.8/32' }),
        sampleBlock(4, { target: '203.0.112.0/24' }),
      ],
      endedBlocks: [{ id: 1, endedAtUs: START_US, how: 'expired' }],
    });
    const story = await reader.showSource('203.0.113.7');
    expect(story).toMatchObject({
      address: '203.0.113.7',
      firstSeenUs: START_US + 1,
      lastSeenUs: START_US + 3,
      events: 3,
      eventsRead: 3,
      methods: [
        { value: 'REGISTER', count: 2 },
        { value: 'INVITE', count: 1 },
      ],
      userAgents: [{ value: 'friendly-scanner', count: 3 }],
      usersTried: [{ value: '101', count: 2 }],
      calledNumbers: [{ value: '442079460000', count: 1 }],
      sightings: [sampleSighting()],
    });
    expect(idsOf(story?.blocks ?? [])).toEqual([2, 1]);
  });

  it('finds an address however it is written, and the networks around it', async () => {
    await store({ blocks: [sampleBlock(1, { target: '2001:db8::/64' })] });
    const story = await reader.showSource('2001:DB8:0:0:0:0:0:7');
    expect(story).toMatchObject({ address: '2001:db8::7', events: 0, firstSeenUs: null });
    expect(idsOf(story?.blocks ?? [])).toEqual([1]);
  });

  it('finds what counts as the same source by any address of its prefix', async () => {
    const from = (id: number, address: string) =>
      sampleEvent(id, { source: { address, port: 5060 } });
    await store({
      events: [from(1, '2001:db8::7'), from(2, '2001:db8::a:b:c:d'), from(3, '2001:db8:0:1::7')],
      sightings: [
        sampleSighting({ source: '2001:db8::7' }),
        sampleSighting({ source: '2001:db8::9' }),
        sampleSighting({ source: '2001:db8:1::9' }),
      ],
    });
    const around = parseCidr('2001:db8::/64') ?? undefined;
    const story = await reader.showSource('2001:db8::ffff', around);
    expect(story).toMatchObject({ countsAs: '2001:db8::/64', addressesKnown: 3, events: 0 });
    expect([...(story?.addresses ?? [])].sort()).toEqual([
      '2001:db8::7',
      '2001:db8::9',
      '2001:db8::a:b:c:d',
    ]);
    expect(story?.sightings).toHaveLength(2);
    expect(
      await reader.showSource('2001:db8:5::1', parseCidr('2001:db8:5::/64') ?? undefined),
    ).toBe(null);
  });

  it('counts what came too fast to be kept, also when nothing else is known', async () => {
    const source = '203.0.113.7';
    const database = await openDatabase(opened.databaseFile, 'write');
    const sql = 'INSERT INTO thinned (source_ip, first_us, last_us, messages) VALUES (?, 1, 2, ?)';
    for (const row of [[source, 3] as const, [source, 4] as const, ['203.0.113.8', 9] as const]) {
      await database.run(sql, [...row]);
    }
    await database.close();
    expect(await reader.showSource(source)).toMatchObject({ events: 0, thinned: 7 });
  });

  it.each(['203.0.113.99', 'no address'])('is null for what was never seen: %s', async (text) => {
    expect(await reader.showSource(text)).toBeNull();
  });
});

describe('the other questions', () => {
  it('tells what each rule did since a moment', async () => {
    await store({
      sightings: [
        sampleSighting({ atUs: START_US - 1 }),
        sampleSighting({ atUs: START_US }),
        sampleSighting({ atUs: START_US + 1, rule: 'scanner' }),
      ],
      blocks: [
        sampleBlock(1),
        sampleBlock(2, { createdAtUs: START_US - 1 }),
        sampleBlock(3, { rule: null, origin: 'manual' }),
      ],
    });
    expect(await reader.ruleActivity(START_US)).toEqual([
      { rule: 'extension-enumeration', sightings: 1, blocks: 1 },
      { rule: 'scanner', sightings: 1, blocks: 0 },
    ]);
  });

  it('gives recent sightings back as they were, oldest first', async () => {
    const sightings = [3, 1, 2].map((offset) => sampleSighting({ atUs: START_US + offset }));
    await store({ sightings });
    expect(await reader.recentSightings(START_US + 2)).toEqual([sightings[2], sightings[0]]);
  });

  it('tells the latest run of every job', async () => {
    const run = (name: string, at: number, result: 'ok' | 'failed') => ({
      ...{ name, startedAtUs: at, finishedAtUs: at + 1, result, detail: `${at} done` },
    });
    const runs = [run('prune', 1, 'ok'), run('expiry', 2, 'failed'), run('prune', 3, 'ok')];
    await store({ jobRuns: runs });
    expect(await reader.jobRuns()).toEqual([runs[1], runs[2]]);
  });
});
