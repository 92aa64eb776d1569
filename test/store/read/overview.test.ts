import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { openReader } from '../../../src/store/read/reader.js';
import {
  batchOf,
  closeAfterTest,
  openSampleStore,
  sampleEvent,
  sipText,
  START_US,
} from '../samples.js';

const HOUR_US = 3_600_000_000;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

const from = (id: number, address: string, atUs = START_US + id) =>
  sampleEvent(id, {
    source: { address, port: 5060 },
    receivedAtUs: atUs,
    attackType: id % 2 === 0 ? 'sip_scan' : 'flood',
  });

/** A REGISTER with the credentials of a password, as a phone computes them (RFC 2617, 3.2.2). */
function guess(id: number, address: string, user: string, password: string) {
  const response = md5(`${md5(`${user}:pbx:${password}`)}:n:${md5('REGISTER:sip:pbx')}`);
  const header = `Authorization: Digest username="${user}", realm="pbx", nonce="n", uri="sip:pbx", response="${response}"\r\n`;
  const raw = Buffer.from(sipText('REGISTER', header));
  return sampleEvent(id, { raw, source: { address, port: 5060 } });
}

it('adds up networks: of IPv4 a /24, of IPv6 a /48, most messages first', async () => {
  const { store, databaseFile } = await openSampleStore();
  const addresses = [
    ...['203.0.113.7', '203.0.113.70', '203.0.113.7', '203.0.11.3', '2001:db8:1::1'],
    ...['2001:db8:1:2::1', '2001:db8:1::1', '2001:db8:1::1', '2001:db8:2::1'],
  ];
  store.write(batchOf({ events: addresses.map((address, at) => from(at + 1, address)) }));
  await store.flush();
  const reader = closeAfterTest(await openReader(databaseFile));
  const seen = await reader.listNetworks({ sinceUs: 0, limit: 3 });
  expect(seen.map(({ network, sources, messages }) => [network, sources, messages])).toEqual([
    ['2001:db8:1::/48', 2, 4],
    ['203.0.113.0/24', 2, 3],
    ['2001:db8:2::/48', 1, 1],
  ]);
  expect(seen[1]?.lastAtUs).toBe(START_US + 3);
  expect(await reader.listNetworks({ sinceUs: START_US + HOUR_US, limit: 3 })).toEqual([]);
});

it('counts each attack type by hour, hours without any too', async () => {
  const { store, databaseFile } = await openSampleStore();
  const events = [from(1, '203.0.113.7'), from(2, '203.0.113.7'), from(3, '203.0.113.7')];
  store.write(batchOf({ events: [...events, from(5, '203.0.113.7', START_US + 2 * HOUR_US)] }));
  await store.flush();
  const reader = closeAfterTest(await openReader(databaseFile));
  const now = START_US + 2 * HOUR_US + 5;
  expect(await reader.seriesOf('attack_type', 'hour', now, 3)).toEqual({
    beganAtUs: [START_US, START_US + HOUR_US, START_US + 2 * HOUR_US],
    values: [
      { value: 'flood', counts: [2, 0, 1] },
      { value: 'sip_scan', counts: [1, 0, 0] },
    ],
  });
  expect((await reader.seriesOf('attack_type', 'hour', now, 1)).values).toEqual([
    { value: 'flood', counts: [1] },
  ]);
});

it('tells which passwords were tried, and of how many that is known', async () => {
  const { store, databaseFile } = await openSampleStore();
  store.write(
    batchOf({
      events: [
        guess(1, '203.0.113.7', '100', '100100'),
        guess(2, '203.0.113.7', '100', '100100'),
        guess(3, '203.0.113.8', '100', '100100'),
        guess(4, '203.0.113.8', '101', '101'),
        guess(5, '203.0.113.8', '101', 'kR5#x'),
      ],
    }),
  );
  await store.flush();
  const reader = closeAfterTest(await openReader(databaseFile));
  const tried = await reader.listPasswords({ sinceUs: 0, limit: 10 });
  expect(tried).toEqual([
    { password: '100100', tries: 3, users: 1, sources: 2, lastAtUs: START_US + 3 },
    { password: '101', tries: 1, users: 1, sources: 1, lastAtUs: START_US + 4 },
  ]);
  expect(await reader.countPasswords(0)).toEqual({ tried: 4, known: 3 });
  expect(await reader.listPasswords({ sinceUs: START_US + HOUR_US, limit: 10 })).toEqual([]);
});
