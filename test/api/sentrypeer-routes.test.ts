import { describe, expect, it } from 'vitest';
import { buildTcpServer } from '../../src/api/server/tcp-door.js';
import { SENTRYPEER_ROUTES } from '../../src/api/routes/sentrypeer-routes.js';
import { openSampleStore, closeAfterTest } from '../store/samples.js';
import { createLane } from '../../src/api/server/lane.js';
import { openReader } from '../../src/store/read/reader.js';
import { makeRig } from './rig.js';

async function makeDoor(empty = false) {
  const { services, rules, tokens } = await makeRig();
  const { databaseFile, store } = await openSampleStore();
  await store.flush();
  const lane = createLane({
    open: async () => closeAfterTest(await openReader(databaseFile)),
    waitingMax: 64,
    msMax: 5_000,
  });
  const server = closeAfterTest(
    await buildTcpServer(
      { address: '127.0.0.1', port: 0, tls: null },
      () => rules,
      empty ? { ...services, read: lane.ask } : services,
      () => undefined,
      SENTRYPEER_ROUTES,
    ),
  );
  const ask = async (url: string, headers: Record<string, string> = {}) => {
    const { statusCode, payload, headers: got } = await server.inject({ url, headers });
    return { status: statusCode, type: got['content-type'], text: payload };
  };
  return { ask, rules, tokens };
}

const JSON_TYPE = 'application/json';

describe("SentryPeer's own routes", () => {
  it.each<[string, number, unknown]>([
    ['/', 200, { status: 'OK' }],
    [
      '/ip-addresses',
      200,
      {
        ip_addresses_total: 1,
        ip_addresses: [
          {
            ip_address: '203.0.113.7',
            seen_last: '2026-01-01 00:00:00.000004000',
            seen_count: '4',
          },
        ],
      },
    ],
    ['/ip-addresses/203.0.113.7', 200, { bad_actor_found: '203.0.113.7' }],
    ['/ip-addresses/::ffff:203.0.113.7', 200, { bad_actor_found: '203.0.113.7' }],
    ['/ip-addresses/8.8.8.8', 404, { message: 'No bad actor found' }],
    ['/ip-addresses/8.8.8', 400, { error: 'The request data was invalid' }],
    ['/ip-addresses/ipset', 400, { error: 'The request data was invalid' }],
    [
      '/numbers',
      200,
      {
        called_numbers_total: 1,
        called_numbers: [
          {
            called_number: '442079460000',
            seen_last: '2026-01-01 00:00:00.000004000',
            seen_count: '4',
          },
        ],
      },
    ],
    ['/numbers/442079460000', 200, { phone_number_found: '442079460000' }],
    ['/numbers/+442079460000', 200, { phone_number_found: '+442079460000' }],
    ['/numbers/8784946812410967', 404, { message: 'No phone number found' }],
    ['/numbers/x1', 404, { error: 'The requested resource could not be found.' }],
    ['/api/v1/stats', 404, { error: 'The requested resource could not be found.' }],
    ['/ip-addresses/../api', 404, { error: 'The requested resource could not be found.' }],
  ])('%s: %s %j', async (url, status, expected) => {
    const { ask } = await makeDoor();
    const { text, ...rest } = await ask(url);
    expect(rest).toEqual({ status, type: JSON_TYPE });
    expect(JSON.parse(text)).toEqual(expected);
  });

  it('say that nothing was seen yet with 404', async () => {
    const { ask } = await makeDoor(true);
    for (const [url, message] of [
      ['/ip-addresses', 'No bad actors found'],
      ['/numbers', 'No phone numbers found'],
    ] as const) {
      expect(await ask(url)).toEqual({
        status: 404,
        type: JSON_TYPE,
        text: JSON.stringify({ message }, null, 2),
      });
    }
  });

  it('tell that all is well in the language of the question', async () => {
    const { ask } = await makeDoor();
    const asJson = await ask('/health-check', { 'content-type': JSON_TYPE });
    expect(asJson).toMatchObject({ status: 200, type: JSON_TYPE });
    expect(JSON.parse(asJson.text)).toEqual({
      status: 'OK',
      message: 'Hello from SentryPeer!',
      version: '1.2.3',
    });
    const asPage = await ask('/health-check');
    expect(asPage).toMatchObject({ status: 200, type: 'text/html' });
    expect(asPage.text).toContain('<h1>Hello from SentryPeer!</h1>');
  });

  it('are for who may read', async () => {
    const { ask, rules, tokens } = await makeDoor();
    rules.readWithoutToken = false;
    expect((await ask('/ip-addresses')).status).toBe(401);
    expect((await ask('/numbers', { 'x-api-key': tokens.expired })).status).toBe(401);
    expect((await ask('/numbers', { 'x-api-key': tokens.read })).status).toBe(200);
    expect((await ask('/numbers', { origin: 'https://evil.example' })).status).toBe(403);
  });
});
