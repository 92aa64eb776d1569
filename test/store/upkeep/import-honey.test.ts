import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { importHoney } from '../../../src/store/upkeep/import-honey.js';
import { openReader } from '../../../src/store/read/reader.js';
import { openDatabase } from '../../../src/store/database/sqlite.js';
import { closeAfterTest, makeFolder, sipText } from '../samples.js';

let honeyFile: string;
let databaseFile: string;

/** As SentryPeer makes it. */
const HONEY = `CREATE TABLE honey (honey_id INTEGER PRIMARY KEY, event_timestamp TEXT,
  event_uuid TEXT, collected_method TEXT, source_ip TEXT, called_number TEXT, transport_type TEXT,
  method TEXT, sip_user_agent TEXT, sip_message TEXT, created_by_node_id TEXT, destination_ip TEXT)`;

beforeEach(async () => {
  const folder = await makeFolder();
  honeyFile = join(folder, 'honey.db');
  databaseFile = join(folder, 'sentrypeer.db');
  const honey = await openDatabase(honeyFile, 'write');
  await honey.exec(HONEY);
  await honey.close();
  await addRows([
    ['2021-11-23 20:13:36.427515810', '203.0.113.7', sipText('INVITE')],
    ['2021-11-23 20:13:37.000000000', '2001:db8::7', sipText('OPTIONS')],
    ['2021-11-23 20:13:38.000000000', 'nobody', sipText('OPTIONS')],
    ['2021-11-23 20:13:38.000000000', '203.0.113.7', ''],
  ]);
});

async function addRows(rows: readonly (readonly string[])[]): Promise<void> {
  const honey = await openDatabase(honeyFile, 'write');
  for (const [time = '', source = '', message = ''] of rows) {
    await honey.run(
      `INSERT INTO honey (event_timestamp, event_uuid, collected_method, source_ip, called_number,
         transport_type, method, sip_user_agent, sip_message, created_by_node_id, destination_ip)
       VALUES (?, ?, 'responsive', ?, '', 'UDP', '', '', ?, '', '192.0.2.1')`,
      [time, 'fac3fa20-8c2c-445b-8661-50a70fa9e873', source, message],
    );
  }
  await honey.close();
}

const bring = (file: string, timeZone = 'UTC') =>
  importHoney(databaseFile, file, { homeCountry: null, timeZone });

describe('importHoney', () => {
  it('brings events over with their time, bytes and number', async () => {
    expect(await bring(honeyFile)).toEqual({
      imported: 2,
      skipped: 2,
      earlier: 0,
      times: { read: 4, twice: 0, skipped: 0 },
    });
    const reader = closeAfterTest(await openReader(databaseFile));
    const events = await reader.listEvents({ limit: 10, withRaw: true });
    expect(events.map(({ method, source }) => [method, source.address])).toEqual([
      ['OPTIONS', '2001:db8::7'],
      ['INVITE', '203.0.113.7'],
    ]);
    expect(events[1]).toMatchObject({
      uuid: 'fac3fa20-8c2c-445b-8661-50a70fa9e873',
      receivedAtUs: Date.parse('2021-11-23T20:13:36Z') * 1_000 + 427_515,
      transport: 'udp',
      local: { address: '192.0.2.1', port: 5060 },
      proof: 'none',
      raw: Buffer.from(sipText('INVITE')),
    });
    expect(await reader.findNumber('+442079460000')).toMatchObject([{ calls: 1 }]);
    expect((await reader.statsSince(0, 1)).messages).toBe(2);
  });

  it('reads the times of its zone, and tells those of the hour that the clock showed twice', async () => {
    await addRows([
      ['2021-11-07 01:59:59.5000000', '203.0.113.9', sipText('OPTIONS')],
      ['2021-11-07 01:00:01.000045', '203.0.113.9', sipText('OPTIONS')],
    ]);
    const { times } = await bring(honeyFile, 'America/New_York');
    expect(times).toEqual({ read: 6, twice: 2, skipped: 0 });
    const reader = closeAfterTest(await openReader(databaseFile));
    const events = await reader.eventsAfter(0, 10, false);
    expect(events.map(({ receivedAtUs }) => new Date(receivedAtUs / 1_000).toISOString())).toEqual([
      '2021-11-24T01:13:36.427Z',
      '2021-11-24T01:13:37.000Z',
      '2021-11-07T05:59:59.005Z',
      '2021-11-07T06:00:01.000Z',
    ]);
  });

  it('brings only what is new when it is typed again', async () => {
    await bring(honeyFile);
    await addRows([['2021-11-24 00:00:00.000000000', '203.0.113.9', sipText('REGISTER')]]);
    expect(await bring(honeyFile)).toEqual({
      imported: 1,
      skipped: 0,
      earlier: 4,
      times: { read: 1, twice: 0, skipped: 0 },
    });
    const reader = closeAfterTest(await openReader(databaseFile));
    expect(await reader.countEvents()).toBe(3);
  });

  it('refuses what is no such database, and makes none of ours', async () => {
    const other = await openDatabase(join(honeyFile, '../other.db'), 'write');
    await other.exec('CREATE TABLE bees (id)');
    await other.close();
    const failure = bring(join(honeyFile, '../other.db'));
    await expect(failure).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
    await expect(openReader(databaseFile)).rejects.toMatchObject({ code: 'DATABASE_MISSING' });
    await bring(honeyFile);
    const own = bring(databaseFile);
    await expect(own).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
    const absent = bring(join(honeyFile, '../absent.db'));
    await expect(absent).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
