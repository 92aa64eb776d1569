import { describe, expect, it } from 'vitest';
import { ATTACK_TYPES } from '../../src/core/model/attack-type.js';
import type { StatusView } from '../../src/api/views.js';
import {
  ApiFailure,
  createClient,
  failureOf,
  wordsOfFailure,
} from '../../src/dashboard/data/client.js';
import { listeningWords, standingOf } from '../../src/dashboard/data/health.js';
import { keep } from '../../src/dashboard/data/kept.js';
import { placeOf, readPlace, storyOf } from '../../src/dashboard/data/place.js';
import { ATTACK_ORDER, stackOf } from '../../src/dashboard/data/stack.js';
import { pagesOf, windowOf } from '../../src/dashboard/data/window.js';

describe('where one is', () => {
  it.each([
    ['', 'overview', null],
    ['#/blocks', 'blocks', null],
    ['#/nowhere', 'overview', null],
    ['#/sources/2001%3Adb8%3A%3A1', 'sources', '2001:db8::1'],
    ['#/sources/%', 'sources', '%'],
    ['#/sources/', 'sources', null],
  ])('%s is %s of %s', (hash, view, address) => {
    expect(readPlace(hash)).toMatchObject({ view, address });
  });

  it('is written as it is read', () => {
    expect(readPlace(storyOf('2001:db8::1')).address).toBe('2001:db8::1');
    expect(readPlace(placeOf('events', { source: '::1' })).words.get('source')).toBe('::1');
  });
});

describe('a long list', () => {
  it.each([
    [0, 0, 25],
    [3_600, 92, 125],
    [3_599_400, 99_975, 100_000],
  ])('draws at %d px the rows from %d to %d', (scrollPx, first, end) => {
    const drawn = windowOf(scrollPx, 600, 36, 100_000);
    expect([drawn.first, drawn.end]).toEqual([first, end]);
    expect(drawn.abovePx).toBe(first * 36);
    expect(drawn.heightPx).toBe(3_600_000);
  });

  it('draws nothing of nothing, nor beyond its end', () => {
    expect(windowOf(500, 600, 36, 0)).toMatchObject({ first: 0, end: 0 });
    expect(windowOf(9_999, 600, 36, 3)).toMatchObject({ first: 3, end: 3 });
  });

  it('asks for the pages that hold what is seen', () => {
    expect([pagesOf(0, 25, 200), pagesOf(190, 210, 200), pagesOf(200, 200, 200)]).toEqual([
      [0],
      [0, 1],
      [],
    ]);
  });
});

describe('the chart', () => {
  it('knows the order of the attack types, and their colours', () => {
    expect(ATTACK_ORDER).toEqual(ATTACK_TYPES);
  });

  it('stacks the most harmful at the bottom', () => {
    const stack = stackOf({
      of: 'attack_type',
      span: 'hour',
      began_at: ['2026-01-01T00:00:00.000000Z', '2026-01-01T01:00:00.000000Z'],
      values: [
        { value: 'sip_scan', counts: [5, 1] },
        { value: 'toll_fraud', counts: [2, 0] },
      ],
    });
    expect(stack.times).toEqual([1_767_225_600, 1_767_229_200]);
    expect(stack.layers).toEqual([
      { value: 'sip_scan', tops: [7, 1] },
      { value: 'toll_fraud', tops: [2, 0] },
    ]);
    expect(stack.lines.map(({ value, total }) => [value, total])).toEqual([
      ['toll_fraud', 2],
      ['sip_scan', 6],
    ]);
  });
});

describe('what the API says', () => {
  const answering = (status: number, body: unknown, token: string | null = null) => {
    const asked: { path: string; init: RequestInit }[] = [];
    const client = createClient(
      (path, init) => {
        asked.push({ path, init });
        return Promise.resolve(Response.json(body, { status }));
      },
      () => token,
    );
    return { client, asked };
  };

  it('is told in its own words where it refuses', async () => {
    const error = {
      code: 'API_DENIED',
      message: 'the token a is of the scope read',
      remedy: 'make one',
    };
    const { client } = answering(403, { error });
    const refused = client.change('removed_block', 'DELETE', 'blocks?target=x');
    const failure: unknown = await refused.catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ status: 403 });
    expect(wordsOfFailure(failure)).toEqual({
      message: 'The token a is of the scope read',
      remedy: 'Make one',
    });
    expect(wordsOfFailure(failureOf(401, { error })).remedy).toBe('Give one');
  });

  it.each([[null], ['<html>'], [{ error: 7 }], [{ error: { message: 1 } }]])(
    'is told by its number where it is %j',
    (body) => {
      expect(failureOf(502, body)).toMatchObject({ message: 'the agent answered with 502' });
    },
  );

  it('is taken where a health check finds a fault', async () => {
    const { client } = answering(503, { ok: false, checks: { firewall: false } });
    expect(await client.ask('health', '../../readyz')).toMatchObject({ ok: false });
  });

  it('is asked with the token that is kept, or the one that is given', async () => {
    const { client, asked } = answering(200, {}, 'kept');
    await client.ask('rules', 'rules');
    await client.change('block', 'POST', 'blocks', { target: '::1' }, 'given');
    expect(asked[0]?.init.headers).toEqual({ authorization: 'Bearer kept' });
    expect(asked[1]).toMatchObject({
      path: 'api/v1/blocks',
      init: {
        method: 'POST',
        body: '{"target":"::1"}',
        headers: { authorization: 'Bearer given', 'content-type': 'application/json' },
      },
    });
  });

  it('is not asked again and again where a token is needed, until there is another', async () => {
    let kept: string | null = null;
    const sent: string[] = [];
    const client = createClient(
      (path, init) => {
        sent.push(path);
        const ok = path.endsWith('readyz') || JSON.stringify(init.headers).includes('good');
        return Promise.resolve(Response.json({}, { status: ok ? 200 : 401 }));
      },
      () => kept,
    );
    const askAll = () =>
      Promise.allSettled([
        client.ask('rules', 'rules'),
        client.ask('jobs', 'jobs'),
        client.ask('status', 'status'),
      ]);
    await client.ask('health', '../../readyz');
    sent.length = 0;
    for (const result of [...(await askAll()), ...(await askAll())]) {
      expect(result).toMatchObject({ status: 'rejected', reason: { status: 401 } });
    }
    const stream = await client.openStream(null, new AbortController().signal);
    expect([stream.status, sent]).toEqual([401, ['api/v1/rules']]);
    kept = 'bad';
    await askAll();
    kept = 'good';
    expect((await askAll()).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'));
    expect(sent.slice(1)).toEqual([
      ...['api/v1/rules', 'api/v1/rules', 'api/v1/jobs', 'api/v1/status'],
    ]);
  });

  it('cannot be reached: that is told too', async () => {
    const client = createClient(
      () => Promise.reject(new TypeError('Failed to fetch')),
      () => null,
    );
    await expect(client.ask('rules', 'rules')).rejects.toBeInstanceOf(ApiFailure);
  });
});

it('keeps in memory what the browser does not let it keep', () => {
  const kept = keep(() => {
    throw new Error('denied');
  }, 'name');
  expect(kept.read()).toBeNull();
  kept.write('a');
  expect(kept.read()).toBe('a');
});

describe('the one look', () => {
  // Only these fields are looked at.
  const status = (change: object = {}, blocking: object = {}): StatusView =>
    ({
      listening: [
        { transport: 'udp', address: '0.0.0.0', port: 5060 },
        { transport: 'tcp', address: '0.0.0.0', port: 5060 },
        { transport: 'tls', address: '0.0.0.0', port: 5061 },
      ],
      blocking: { mode: 'enforce', why: 'nftables', last_error: null, storm: null, ...blocking },
      store: { last_error: null, read_error: null },
      limits_hit: { events_lost: 0, unknown: null },
      configuration_error: null,
      rules_error: null,
      ...change,
    }) as unknown as StatusView;
  const ready = { ok: true, checks: { trap: true } };

  it.each([
    ['good', 'Working', status(), ready, []],
    ['bad', 'The trap is closed', status({ listening: [] }), ready, []],
    [
      'bad',
      'Something is wrong',
      status(),
      { ok: false, checks: { firewall: false } },
      ['Firewall: it is not so'],
    ],
    [
      'bad',
      'Something is wrong',
      status({}, { last_error: 'nft: no' }),
      null,
      ['Firewall: nft: no'],
    ],
    [
      'warn',
      'Observing: nothing is blocked',
      status({}, { mode: 'observe', why: 'no nft' }),
      ready,
      ['Blocking: no nft'],
    ],
    [
      'warn',
      'Working, with losses',
      status({ limits_hit: { events_lost: 3 } }),
      ready,
      ['Events lost: 3 times'],
    ],
  ])('is %s: %s', (tone, headline, of, checks, remarks) => {
    expect(standingOf(of, checks)).toEqual({ tone, headline, remarks });
  });

  it('names ports once, with what listens there', () => {
    expect(listeningWords(status())).toBe('udp, tcp 5060 · tls 5061');
  });
});
