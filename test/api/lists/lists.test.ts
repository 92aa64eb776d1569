import { describe, expect, it } from 'vitest';
import { createListMoments } from '../../../src/api/lists/lists.js';
import { nameUuid } from '../../../src/api/views/stix.js';
import type { Block } from '../../../src/core/model/block.js';
import { sampleBlock, START_US } from '../../store/samples.js';
import { bearer, makeRig } from '../rig.js';

const EVIL = 'x"\n; $(reboot)\r\n=cmd|calc,`id`\u001b[2J</script>';

const BLOCKS: readonly Block[] = [
  sampleBlock(1),
  sampleBlock(2, { target: '198.51.100.1/32', proof: 'tcp', expiresAtUs: null }),
  sampleBlock(3, { target: '2001:db8::/64', proof: 'nonce', reason: EVIL }),
  sampleBlock(4, { target: '203.0.113.0/24', origin: 'manual', reason: '=cmd|calc' }),
  // A peer, a network around one, and what was only simulated.
  sampleBlock(5, { target: '192.0.2.9/32', proof: 'tcp', forced: true }),
  sampleBlock(6, { target: '192.0.0.0/16', proof: 'tcp' }),
  sampleBlock(7, { target: '198.51.100.7/32', proof: 'tcp', simulated: true }),
  sampleBlock(8, { target: '198.51.100.8/32', proof: 'tcp', expiresAtUs: START_US + 1 }),
];

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('the list of blocks', () => {
  it.each([
    ['', ['198.51.100.1/32', '2001:db8::/64', '203.0.113.0/24']],
    ['?family=4', ['198.51.100.1/32', '203.0.113.0/24']],
    ['?family=6', ['2001:db8::/64']],
    ['?unproven=1&family=4', ['203.0.113.7/32', '198.51.100.1/32', '203.0.113.0/24']],
    ['?origin=manual', ['203.0.113.0/24']],
    ['?scope=all', []],
  ])(
    'blocked.txt%s has proven blocks unless asked, and never a protected peer',
    async (query, expected) => {
      const { ask } = await makeRig({}, BLOCKS);
      const { status, text, headers } = await ask(`/lists/blocked.txt${query}`);
      expect({ status, type: headers['content-type'] }).toEqual({
        status: 200,
        type: 'text/plain; charset=utf-8',
      });
      expect(lines(text)).toEqual(expected);
    },
  );

  it('says in no format what would be a command, a line or a formula', async () => {
    const { ask } = await makeRig({}, BLOCKS);
    for (const ending of ['txt', 'nft', 'ipset', 'rsc', 'alias']) {
      const { text } = await ask(`/lists/blocked.${ending}`);
      expect({ ending, odd: /reboot|cmd|[$`\u001b]/.exec(text) }).toEqual({ ending, odd: null });
      expect(text).toContain('198.51.100.1');
    }
    const csv = await ask('/lists/blocked.csv');
    expect(lines(csv.text)).toHaveLength(4);
    expect(csv.text).toContain(`,"'=cmd|calc",`);
    expect(csv.text).not.toContain('\u001b');
  });

  it('is a bundle of STIX 2.1 with the same ids each time', async () => {
    const { ask } = await makeRig({}, BLOCKS);
    const { text, headers } = await ask('/lists/blocked.json');
    expect(headers['content-type']).toBe('application/stix+json; version=2.1');
    const bundle = JSON.parse(text) as { objects: Record<string, unknown>[] };
    expect(bundle).toMatchObject({ type: 'bundle', id: expect.stringMatching(STIX_ID) as string });
    const [identity, ...indicators] = bundle.objects;
    expect(identity).toMatchObject({ type: 'identity', identity_class: 'system' });
    expect(indicators.map(({ pattern }) => pattern)).toEqual([
      "[ipv4-addr:value = '198.51.100.1']",
      "[ipv6-addr:value ISSUBSET '2001:db8::/64']",
      "[ipv4-addr:value ISSUBSET '203.0.113.0/24']",
    ]);
    for (const object of bundle.objects) {
      const { id, type, created, modified } = object;
      expect(object).toMatchObject({ spec_version: '2.1' });
      expect(id).toMatch(STIX_ID);
      expect(String(id).startsWith(`${String(type)}--`)).toBe(true);
      for (const time of [created, modified]) expect(time).toMatch(STIX_TIME);
    }
    for (const each of indicators) {
      expect(each).toMatchObject({ pattern_type: 'stix', created_by_ref: identity?.['id'] });
      expect(each['valid_from']).toMatch(STIX_TIME);
    }
    expect(indicators[0]).not.toHaveProperty('valid_until');
    expect(new Set(bundle.objects.map(({ id }) => id)).size).toBe(4);
    const again = await (await makeRig({}, BLOCKS)).ask('/lists/blocked.json');
    expect(again.text).toBe(text);
  });

  it('is sent again only when it is another one', async () => {
    const { ask, store } = await makeRig({}, BLOCKS);
    const first = await ask('/lists/blocked.txt');
    const tag = String(first.headers['etag']);
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    const head = await ask('/lists/blocked.txt', { method: 'HEAD' });
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' });
    expect(head.headers).toMatchObject({
      etag: tag,
      'last-modified': first.headers['last-modified'],
    });
    const known = { headers: { 'if-none-match': tag } };
    expect((await ask('/lists/blocked.txt', known)).status).toBe(304);
    const since = { headers: { 'if-modified-since': String(first.headers['last-modified']) } };
    expect((await ask('/lists/blocked.txt', since)).status).toBe(304);
    // Another question has another answer.
    expect((await ask('/lists/blocked.txt?family=4', known)).status).toBe(200);
    store.write({ ...NOTHING, endedBlocks: [{ id: 2, endedAtUs: START_US, how: 'removed' }] });
    await store.flush();
    const after = await ask('/lists/blocked.txt', known);
    expect({ status: after.status, gone: after.text.includes('198.51.100.1') }).toEqual({
      status: 200,
      gone: false,
    });
    expect((await ask('/lists/blocked.txt', since)).status).toBe(200);
  });

  it('is another one when somebody on it is protected from now on', async () => {
    const { ask, protect } = await makeRig({}, BLOCKS);
    const first = await ask('/lists/blocked.txt');
    const known = { headers: { 'if-none-match': String(first.headers['etag']) } };
    protect.push('198.51.100.1/32');
    const after = await ask('/lists/blocked.txt', known);
    expect(after.status).toBe(200);
    expect(lines(after.text)).not.toContain('198.51.100.1/32');
  });

  it('refuses a question that it does not know, for its answer would be another one', async () => {
    const { ask } = await makeRig({}, BLOCKS);
    for (const path of ['/lists/blocked.txt?scop=all', '/api/v1/events?limt=1']) {
      const { status, text } = await ask(path);
      expect({ status, text }).toMatchObject({ status: 400 });
      expect(text).toMatch(/Unrecognized key/);
      expect(text).not.toContain('2716');
    }
  });

  it('is whole however many pages it has', async () => {
    const many = Array.from({ length: 2_345 }, (_, at) =>
      sampleBlock(at + 1, { target: `10.0.${at >> 8}.${at & 255}/32`, proof: 'tcp' }),
    );
    const { ask } = await makeRig({}, many);
    const { text } = await ask('/lists/blocked.txt');
    expect(new Set(lines(text)).size).toBe(2_345);
    const { text: nft } = await ask('/lists/blocked.nft');
    expect(lines(nft).filter((line) => line.startsWith('add element'))).toHaveLength(2_345);
    expect(lines(nft).at(-1)).toBe(
      'add rule inet sentrypeer_list blocked ip saddr @blocked_ipv4_32 drop',
    );
  });

  it('is for who may read', async () => {
    const { ask, tokens, rules } = await makeRig({}, BLOCKS);
    rules.readWithoutToken = false;
    for (const url of ['/lists/blocked.txt', '/lists/numbers.csv', '/lists/blocked.json']) {
      expect((await ask(url)).status).toBe(401);
      expect((await ask(url, bearer(tokens.expired))).status).toBe(401);
      expect((await ask(url, { headers: { 'x-api-key': tokens.read } })).status).toBe(200);
    }
    for (const url of [
      '/lists/../api/v1/config',
      '/lists/%2e%2e/api/v1/config',
      '/lists/..%2fmetrics',
    ])
      expect([401, 404]).toContain((await ask(url)).status);
    rules.readWithoutToken = true;
    for (const url of [
      '/lists/',
      '/lists/blocked',
      '/lists/blocked.exe',
      '/lists/blocked.txt/../x',
    ])
      expect((await ask(url)).status).toBe(404);
    expect((await ask('/lists/blocked.txt?family=5')).status).toBe(400);
  });
});

const STIX_ID = /^[a-z]+--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const STIX_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NOTHING = {
  events: [],
  sightings: [],
  blocks: [],
  calls: [],
  endedBlocks: [],
  jobRuns: [],
};

describe('the list of numbers', () => {
  it('is one a line, or a table', async () => {
    const { ask } = await makeRig();
    const plain = await ask('/lists/numbers.txt');
    expect(lines(plain.text)).toEqual(['+442079460000']);
    const known = { headers: { 'if-none-match': String(plain.headers['etag']) } };
    expect((await ask('/lists/numbers.txt', known)).status).toBe(304);
    const csv = await ask('/lists/numbers.csv?country=gb');
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(lines(csv.text)[1]).toMatch(/^\+442079460000,GB,/);
    expect(lines((await ask('/lists/numbers.txt?country=DE')).text)).toEqual([]);
  });
});

describe('when a list became what it is', () => {
  it('is never the same second for two texts, and is known for a bounded number of lists', () => {
    const momentOf = createListMoments(2);
    expect(momentOf('a', '1', 10_400)).toBe(10);
    expect(momentOf('a', '1', 99_000)).toBe(10);
    expect(momentOf('a', '2', 10_900)).toBe(11);
    expect(momentOf('b', '1', 50_000)).toBe(50);
    expect(momentOf('c', '1', 60_000)).toBe(60);
    expect(momentOf('a', '2', 70_000)).toBe(70);
  });
});

it('names the same thing the same way (RFC 9562, version 5)', () => {
  expect(nameUuid('a')).toBe(nameUuid('a'));
  expect(nameUuid('a')).not.toBe(nameUuid('b'));
  expect(nameUuid('a')).toMatch(/^[0-9a-f-]{14}5[0-9a-f]{3}-[89ab]/);
});
