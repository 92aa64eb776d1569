import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openForWriting } from '../../../src/store/database/migrate.js';
import { idsOfSource, spanOfSource } from '../../../src/store/read/source-events.js';
import { openDatabase, type Database } from '../../../src/store/database/sqlite.js';

/** Ids far apart, so that they lie in many buckets of the index; the last is beyond 32 bits. */
const STEP = 777;
const EVENTS = 1_000;
const FAR = 2 ** 52;

let folder: string;
let database: Database;
const sources = ['203.0.113.1', '203.0.113.2', '203.0.113.1', '2001:db8::1'];
const rare = '198.51.100.9';
const events = Array.from({ length: EVENTS }, (_, index) => ({
  id: 5 + index * STEP,
  source: index === 17 ? rare : (sources[index % sources.length] ?? rare),
  method: index % 5 === 0 ? 'INVITE' : 'OPTIONS',
}));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sentrypeer-test-'));
  database = await openForWriting(join(folder, 'sentrypeer.db'));
  expect(await spanOfSource(database, rare)).toEqual({ events: 0, firstId: null, lastId: null });
  expect(await idsOfSource(database, { source: rare, limit: 9 })).toEqual([]);
  await database.run(
    `INSERT INTO events (id, uuid, received_at_us, transport, source_ip, source_port,
       destination_ip, destination_port, proof, kind, method, score, anomalies, raw_length)
     SELECT value ->> 'id', '', value ->> 'id', 'udp', value ->> 'source', 5060, '192.0.2.1', 5060,
       'none', 'request', value ->> 'method', 0, '[]', 0 FROM json_each(?)`,
    [JSON.stringify(events)],
  );
});

afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const expected = (source: string): number[] =>
  events.filter((event) => event.source === source).map(({ id }) => id);

describe('the events of a source', () => {
  it.each([...new Set(sources), rare, '192.0.2.200'])(
    'are those of %s, newest first',
    async (source) => {
      const all = expected(source).reverse();
      for (const limit of [0, 1, 7, 300, 2_000]) {
        expect(await idsOfSource(database, { source, limit })).toEqual(all.slice(0, limit));
      }
      expect(await spanOfSource(database, source)).toEqual({
        events: all.length,
        firstId: all.at(-1) ?? null,
        lastId: all[0] ?? null,
      });
    },
  );

  it.each([0, 5, 6, 8_192, 8_193, 400_000, FAR])('come in pages: before %d', async (beforeId) => {
    const all = expected('203.0.113.1').filter((id) => id < beforeId);
    const page = await idsOfSource(database, { source: '203.0.113.1', limit: 40, beforeId });
    expect(page).toEqual(all.reverse().slice(0, 40));
  });

  it('come by further conditions', async () => {
    const invites = events.filter(
      ({ source, method }) => source === '203.0.113.2' && method === 'INVITE',
    );
    const found = await idsOfSource(database, {
      source: '203.0.113.2',
      limit: 1_000,
      conditions: [
        ['method = ?', 'INVITE'],
        ['received_at_us >= ?', 300_000],
      ],
    });
    const wanted = invites.map(({ id }) => id).filter((id) => id >= 300_000);
    expect(found).toEqual(wanted.reverse());
  });

  it('are found by the index where only the source is asked for', async () => {
    const other = await openDatabase(join(folder, 'sentrypeer.db'), 'read');
    const plan = await other.all<{ detail: string }>(
      "EXPLAIN QUERY PLAN SELECT method FROM events WHERE source_ip = '203.0.113.1'",
    );
    await other.close();
    expect(plan.map(({ detail }) => detail).join()).toContain('SEARCH events USING INDEX');
  });

  it('are found beyond 32 bits', async () => {
    await database.run(`UPDATE events SET id = ? WHERE id = ?`, [FAR, 5 + (EVENTS - 1) * STEP]);
    const source = events.at(-1)?.source ?? '';
    const [newest] = await idsOfSource(database, { source, limit: 1 });
    expect(newest).toBe(FAR);
    const last = await idsOfSource(database, { source, limit: 1, beforeId: FAR });
    expect(last).toEqual(expected(source).slice(-2, -1));
  });
});
