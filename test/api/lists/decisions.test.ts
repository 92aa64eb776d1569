import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createBlockJournal } from '../../../src/api/lists/block-journal.js';
import { createBouncerPlaces } from '../../../src/api/lists/bouncer-places.js';
import { decisionOf, goDuration, type CrowdsecDecision } from '../../../src/api/lists/decisions.js';
import { putBlock, takeBlock } from '../../../src/core/block/block-table.js';
import type { Block } from '../../../src/core/model/block.js';
import { batchOf, sampleBlock, START_US } from '../../store/samples.js';
import { bearer, makeRig, type Rig } from '../rig.js';

const BLOCKS: readonly Block[] = [
  sampleBlock(1),
  sampleBlock(2, { target: '198.51.100.1/32', proof: 'tcp', expiresAtUs: null }),
  sampleBlock(3, { target: '2001:db8::/64', proof: 'nonce', origin: 'detector' }),
  sampleBlock(4, { target: '203.0.113.0/24', origin: 'manual', rule: null }),
  sampleBlock(5, { target: '192.0.2.9/32', proof: 'tcp', forced: true }),
  sampleBlock(6, { target: '198.51.100.7/32', proof: 'tcp', simulated: true }),
];

interface Answer {
  readonly new: readonly CrowdsecDecision[];
  readonly deleted: readonly CrowdsecDecision[];
}

const STREAM = '/v1/decisions/stream';

async function follow(rig: Rig, query = '', more = bearer(rig.tokens.read)) {
  const { status, json, headers } = await rig.ask(`${STREAM}${query}`, more);
  expect({ status, type: headers['content-type'] }).toEqual({
    status: 200,
    type: 'application/json',
  });
  const { new: begun, deleted } = json as Answer;
  const values = (all: readonly CrowdsecDecision[]) => all.map(({ value }) => value);
  return { begun: values(begun), deleted: values(deleted), json: json as Answer };
}

const begin = ({ services, table, nowUs }: Rig, block: Block): void => {
  const before = putBlock(table, block);
  if (before !== null) services.facts.journal.note('ended', before, nowUs);
  services.facts.journal.note('begun', block, nowUs);
};
const end = ({ services, table, nowUs }: Rig, target: string, atUs = nowUs): void => {
  const block = takeBlock(table, target);
  if (block !== null) services.facts.journal.note('ended', block, atUs);
};

describe('the stream of decisions', () => {
  it('begins with all that is proven and in force, as CrowdSec writes it', async () => {
    const { json } = await follow(await makeRig({}, BLOCKS), '?startup=true');
    expect(json.new).toEqual([
      {
        id: 2,
        origin: 'detector',
        type: 'ban',
        scope: 'Ip',
        value: '198.51.100.1',
        duration: '87600h0m0s',
        scenario: 'sentrypeer/extension-enumeration',
        uuid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      },
      expect.objectContaining({ scope: 'Range', value: '2001:db8::/64', duration: '9m0s' }),
      expect.objectContaining({ value: '203.0.113.0/24', scenario: 'sentrypeer/manual' }),
    ]);
    expect(json.deleted).toEqual([]);
  });

  it('goes on from where each bouncer was, and HEAD moves nothing', async () => {
    const rig = await makeRig({}, BLOCKS);
    const other = bearer(rig.tokens.admin);
    await follow(rig, '?startup=true');
    expect(await follow(rig)).toMatchObject({ begun: [], deleted: [] });
    begin(rig, sampleBlock(7, { target: '198.51.100.9/32', proof: 'tcp' }));
    end(rig, '198.51.100.1/32');
    expect((await rig.ask(STREAM, { method: 'HEAD', ...bearer(rig.tokens.read) })).status).toBe(
      200,
    );
    expect(await follow(rig)).toMatchObject({ begun: ['198.51.100.9'], deleted: ['198.51.100.1'] });
    // Who was never here gets all; the first one has it.
    expect((await follow(rig, '', other)).begun).toHaveLength(3);
    expect((await follow(rig)).begun).toEqual([]);
  });

  it('tells an end of the last two seconds before once more', async () => {
    const rig = await makeRig({}, BLOCKS);
    end(rig, '2001:db8::/64', rig.nowUs - 3_000_000);
    end(rig, '198.51.100.1/32', rig.nowUs - 1_000_000);
    await follow(rig, '?startup=true');
    expect((await follow(rig)).deleted).toEqual(['198.51.100.1']);
  });

  it('says an end only of who is not blocked otherwise, and was told of', async () => {
    const rig = await makeRig({}, BLOCKS);
    await follow(rig, '?startup=true');
    begin(rig, sampleBlock(7, { target: '198.51.100.1/32', proof: 'tcp' }));
    begin(rig, sampleBlock(8, { target: '203.0.113.77/32' }));
    end(rig, '203.0.113.77/32');
    expect(await follow(rig)).toMatchObject({ begun: ['198.51.100.1'], deleted: [] });
    // A peer that was protected meanwhile is lifted for the bouncer as well.
    putBlock(rig.table, sampleBlock(9, { target: '192.0.2.1/32', proof: 'tcp' }));
    end(rig, '192.0.2.1/32');
    const { json } = await follow(rig);
    expect(json.deleted).toMatchObject([{ value: '192.0.2.1', duration: '-1s' }]);
  });

  it('tells whom it does not know of ends before their time, from the database', async () => {
    const rig = await makeRig({}, BLOCKS);
    takeBlock(rig.table, '198.51.100.1/32');
    rig.store.write(batchOf({ endedBlocks: [{ id: 2, endedAtUs: START_US, how: 'removed' }] }));
    await rig.store.flush();
    expect((await follow(rig)).deleted).toEqual(['198.51.100.1']);
  });

  it.each([
    ['?scopes=ip', ['198.51.100.1']],
    ['?scopes=Range', ['2001:db8::/64', '203.0.113.0/24']],
    ['?origins=manual,cscli', ['203.0.113.0/24']],
    ['?scenarios_containing=enumeration', ['198.51.100.1', '2001:db8::/64']],
    ['?scenarios_not_containing=enumeration,x', ['203.0.113.0/24']],
  ])('filters by %s', async (query, expected) => {
    expect((await follow(await makeRig({}, BLOCKS), query)).begun).toEqual(expected);
  });

  it('is whole however long it is', async () => {
    const many = Array.from({ length: 2_500 }, (_, at) =>
      sampleBlock(at + 1, { target: `10.0.${at >> 8}.${at & 255}/32`, proof: 'tcp' }),
    );
    expect((await follow(await makeRig({}, many), '?startup=true')).begun).toHaveLength(2_500);
  });
});

describe('a question for one address', () => {
  it.each([
    ['?ip=198.51.100.1', ['198.51.100.1']],
    ['?ip=203.0.113.7', ['203.0.113.0/24']],
    ['?ip=2001:db8::99', ['2001:db8::/64']],
    ['?ip=8.8.8.8', null],
    ['?ip=192.0.2.9', null],
    ['?ip=203.0.113.7&scopes=ip', null],
    ['', ['198.51.100.1', '2001:db8::/64', '203.0.113.0/24']],
  ])('%s: %j', async (query, expected) => {
    const { ask } = await makeRig({}, BLOCKS);
    const { json } = await ask(`/v1/decisions${query}`);
    expect((json as CrowdsecDecision[] | null)?.map(({ value }) => value) ?? null).toEqual(
      expected,
    );
  });

  it('that is none is refused as CrowdSec does', async () => {
    const { ask } = await makeRig({}, BLOCKS);
    const { status, json } = await ask('/v1/decisions?ip=example.org');
    expect({ status, json }).toEqual({
      status: 400,
      json: { message: expect.anything() as string },
    });
  });
});

describe('a bouncer', () => {
  it.each([
    ['no key', {}],
    ['a wrong one', { 'x-api-key': 'spa_wrong' }],
  ])('with %s is refused with 403 and a message', async (_what, headers) => {
    const { ask, rules } = await makeRig({}, BLOCKS);
    rules.readWithoutToken = false;
    for (const url of [STREAM, '/v1/decisions?ip=8.8.8.8']) {
      const { status, json } = await ask(url, { headers });
      expect({ status, json }).toEqual({
        status: 403,
        json: { message: expect.anything() as string },
      });
    }
  });

  it('with an expired one is refused, with one of ours it is let in', async () => {
    const { ask, rules, tokens } = await makeRig({}, BLOCKS);
    rules.readWithoutToken = false;
    const key = (token: string) => ({ headers: { 'x-api-key': token } });
    expect((await ask(STREAM, key(tokens.expired))).status).toBe(403);
    expect((await ask(STREAM, key(tokens.read))).status).toBe(200);
  });

  it.each([
    ['as it is', Buffer.from('{"remediation_components": [{}]}'), {}],
    ['packed', gzipSync(`{"x": "${'y'.repeat(50_000)}"}`), { 'content-encoding': 'gzip' }],
  ])('may send what it measured %s, of which nothing is kept', async (_how, payload, headers) => {
    const { ask, said, tokens } = await makeRig();
    const { status } = await ask('/v1/usage-metrics', {
      method: 'POST',
      payload,
      headers: { 'content-type': 'application/json', 'x-api-key': tokens.read, ...headers },
    });
    expect(status).toBe(201);
    expect(said).toEqual([]);
  });
});

describe('what is kept for those who follow', () => {
  it('forgets the oldest changes, and says so', () => {
    const journal = createBlockJournal(4);
    const heard: number[] = [];
    const stop = journal.listen(({ position }) => heard.push(position));
    for (let id = 1; id <= 5; id += 1) journal.note('begun', sampleBlock(id), id);
    stop();
    journal.note('ended', sampleBlock(6), 6);
    expect(heard).toEqual([1, 2, 3, 4, 5]);
    expect(journal.position()).toBe(6);
    expect(journal.after(0)).toBeNull();
    expect(journal.after(1)).toBeNull();
    expect(journal.after(2)?.map(({ position }) => position)).toEqual([3, 4, 5, 6]);
    expect(journal.after(6)).toEqual([]);
    expect(journal.after(7)).toBeNull();
    expect(journal.endedBetween(6, 6)).toHaveLength(1);
    expect(journal.endedBetween(7, 6)).toHaveLength(0);
  });

  it('forgets the bouncer that asked least lately', () => {
    const places = createBouncerPlaces(2);
    for (const name of ['a', 'b', 'a', 'c']) places.put(name, { position: 1, atUs: 1 });
    expect(['a', 'b', 'c'].map((name) => places.of(name) !== null)).toEqual([true, false, true]);
  });
});

it.each([
  [14_340, '3h59m0s'],
  [61, '1m1s'],
  [59.4, '59s'],
  [0, '0s'],
  [-65, '-1m5s'],
])('%d s are %s to Go', (seconds, text) => {
  expect(goDuration(seconds)).toBe(text);
});

it('gives a block the same uuid each time', () => {
  const block = sampleBlock(1);
  expect(decisionOf(block, 0).uuid).toBe(decisionOf(block, 1).uuid);
});
