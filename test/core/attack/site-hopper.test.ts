import { describe, expect, it } from 'vitest';
import { createTarget, type Sent, type Target } from './attacker.js';

const SITE = '2001:db8:7::/48';
const PEER = '2001:db8:7:aaaa::9';
const PING: Sent = { method: 'OPTIONS', user: '' };
const SCANNER: Sent = { method: 'OPTIONS', user: '100', agent: 'friendly-scanner' };

const hex = (number: number): string => number.toString(16);
const sourceOf = (number: number): string => `2001:db8:7:${hex(number)}::5`;
const enumerating = (n: number): Sent => ({
  method: 'REGISTER',
  user: String(1_000 + n),
  contactHost: `10.${n % 200}.0.1`,
  port: 10_000 + n,
});

/** Two forged messages in the name of each of so many /64 of the hopper's own /32. */
function rage(target: Target, count: number, from = 0): void {
  for (let number = from; number < from + count; number += 1) {
    const name = `2001:db8:${hex(0x1000 + number)}:1::1`;
    target.send(name, SCANNER);
    target.send(name, SCANNER);
    target.wait(0.05);
  }
}

const HOPS: readonly (readonly [string, (n: number) => Sent, number])[] = [
  ['scans', () => SCANNER, 1],
  ['scans twice', () => SCANNER, 2],
  ['enumerates', enumerating, 1],
  ['calls', (n) => ({ method: 'INVITE', user: `00${n}972599123456` }), 1],
  ['asks', () => ({ method: 'OPTIONS', user: '100' }), 1],
];

describe('a new /64 of one /48 for each message', () => {
  it.each(HOPS)('is blocked as a site within 60 messages when it %s', (_what, sentOf, each) => {
    const target = createTarget();
    for (let number = 0; number < 200; number += 1) {
      target.send(sourceOf(Math.floor(number / each)), sentOf(number));
      target.wait(0.05);
      if (number === 59) expect(target.blocks.map((block) => block.target)).toContain(SITE);
    }
    expect(target.answered).toBeLessThanOrEqual(45);
    expect(target.blocks.every(({ scope, proof }) => scope === 'sip' && proof === 'none')).toBe(
      true,
    );
  });

  it.each(HOPS)('is so through a storm of its own /32 when it %s', (_what, sentOf, each) => {
    const target = createTarget();
    rage(target, 310);
    expect([...target.state.blocks.breaker.stormy]).toEqual(['2001:db8::/32']);
    const before = target.blocks.length;
    for (let number = 0; number < 60; number += 1) {
      target.send(sourceOf(Math.floor(number / each)), sentOf(number));
      rage(target, 5, 310 + number * 5);
    }
    const targets = target.blocks.slice(before).map((block) => block.target);
    expect(targets).toContain(SITE);
    expect(target.state.blocks.breaker.stormy.size).toBe(1);
  });

  it('is blocked wholly over TCP', () => {
    const target = createTarget();
    for (let number = 0; number < 60; number += 1) {
      target.send(sourceOf(number), { ...enumerating(number), transport: 'tcp' });
    }
    expect(target.blocks).toMatchObject([{ target: SITE, scope: 'all', proof: 'tcp' }]);
    expect(target.blocks[0]?.reason).toContain('20 messages of 20 sources of 2001:db8:7::/48');
  });

  it('blocks its sources as they come where a protected peer lives', () => {
    const target = createTarget([{ target: PEER + '/128', from: 'blocking.protect' }]);
    for (let number = 0; number < 200; number += 1) {
      target.send(sourceOf(number), enumerating(number));
      target.wait(0.05);
    }
    expect(target.answered).toBeLessThanOrEqual(45);
    expect(target.blocks.every(({ target: each }) => each.endsWith('/64'))).toBe(true);
    target.send(PEER, SCANNER);
    expect(target.send(PEER, SCANNER).map(({ kind }) => kind)).toContain('answer');
  });
});

describe('forged packets in the names of a whole site', () => {
  it('close the SIP ports to it for ten minutes, and never more', () => {
    const target = createTarget();
    const honest = { ...PING, transport: 'tcp' } as const;
    for (let number = 0; number < 600; number += 1) {
      target.send(sourceOf(number), number % 2 === 0 ? SCANNER : enumerating(number));
      // Those who live there go on as they always did, each with an address that is proven.
      if (number % 20 === 0) target.send(sourceOf(0x8000 + ((number / 20) % 15)), honest);
      target.wait(0.05);
    }
    expect(target.blocks.map((block) => block.target)).toContain(SITE);
    expect(target.blocks.filter(({ scope }) => scope === 'all')).toEqual([]);
    target.wait(601);
    expect(target.send(PEER, PING).map(({ kind }) => kind)).toContain('answer');
  });
});

describe('what neighbours sent', () => {
  const V4 = '203.0.113.9';
  it.each<readonly [string, string, (n: number) => string, (n: number) => Sent, Sent]>([
    ['from many sources of a site', PEER, sourceOf, () => PING, { ...PING, tag: 'x' }],
    [
      'with one From tag',
      V4,
      (n) => `203.0.113.${20 + n}`,
      () => ({ method: 'OPTIONS', user: '100', tag: 'root' }),
      { method: 'OPTIONS', user: '100', tag: 'root' },
    ],
    ['in a rush', V4, (n) => `203.0.113.${20 + (n % 40)}`, () => PING, PING],
  ])('%s makes no block of one packet in the name of a peer', (_what, peer, from, sent, forged) => {
    const target = createTarget();
    for (let number = 0; number < 38; number += 1) target.send(from(number), sent(number));
    target.send(peer, forged);
    expect(target.blocks.filter(({ target: each }) => covers(each, peer))).toEqual([]);
    // Nor does the peer itself, which goes on as it always did.
    for (let number = 0; number < 40; number += 1) {
      target.wait(30);
      target.send(peer, PING);
    }
    expect(target.blocks.filter(({ target: each }) => covers(each, peer))).toEqual([]);
  });

  it('with one From tag counts again when each sends a second message', () => {
    const target = createTarget();
    for (let number = 0; number < 24; number += 1) {
      target.send(`203.0.113.${number % 8}`, { method: 'OPTIONS', user: '100', tag: 'root' });
      target.wait(20);
    }
    expect(new Set(target.blocks.map((block) => block.target)).size).toBe(8);
  });
});

it('one forged packet blocks no trunk that has always asked OPTIONS', () => {
  const target = createTarget();
  for (let number = 0; number < 60; number += 1) {
    target.send('203.0.113.9', PING);
    if (number === 10) target.send('203.0.113.9', SCANNER);
    target.wait(60);
  }
  expect(target.blocks).toEqual([]);
});

const covers = (target: string, address: string): boolean =>
  target === `${address}/32` || target === SITE || target === '2001:db8:7:aaaa::/64';

describe('sixteen sources in turn, each in ever new names', () => {
  it.each([
    ['of a site', (n: number) => `2001:db8:7:${hex(n % 16)}::${hex(n)}`],
    ['of a /24', (n: number) => `203.0.113.${n % 16}`],
  ])('%s are blocked after 200 users', (_what, from) => {
    const target = createTarget();
    for (let number = 0; number < 1_200; number += 1) {
      target.send(from(number), enumerating(number));
      target.wait(0.1);
    }
    expect(target.answered).toBeLessThanOrEqual(220);
    expect(target.blocks).toHaveLength(16);
  });
});

describe('an honest IPv6 site', () => {
  /** Phones that ask, and answer the challenge 0.05 s later; so many each second. */
  function play(
    phones: number,
    sourceAt: (n: number) => string,
    perSecond: number,
    rounds: number,
  ) {
    const target = createTarget();
    const waiting: (readonly [number, string, Sent])[] = [];
    let clock = 0;
    for (let turn = 0; turn < phones * rounds; turn += 1) {
      const phone = turn % phones;
      const source = sourceAt(phone);
      const sent = { method: 'REGISTER', user: `desk-${phone}`, port: 20_000 + phone };
      while ((waiting[0]?.[0] ?? Infinity) <= clock) {
        const [, who, answer] = waiting.shift() ?? [0, '', sent];
        target.send(who, answer);
      }
      target.send(source, sent);
      waiting.push([clock + 0.05, source, { ...sent, password: `wrong-${phone}` }]);
      clock += 1 / perSecond;
      target.wait(1 / perSecond);
    }
    return target.blocks;
  }

  it('of six hundred phones in twelve subnets is not blocked after a power cut', () => {
    const subnets = (n: number): string => `2001:db8:7:${hex(n % 12)}::${hex(n + 1)}`;
    expect(play(600, subnets, 40, 1)).toEqual([]);
  });

  it('of a carrier with a phone in each /64 is not blocked', () => {
    expect(play(600, sourceOf, 40, 3)).toEqual([]);
  });

  it('of a carrier whose twelve nodes ask OPTIONS is not blocked', () => {
    const target = createTarget();
    for (let number = 0; number < 1_200; number += 1) {
      target.send(sourceOf(number % 12), PING);
      target.wait(0.9);
    }
    expect(target.blocks).toEqual([]);
  });
});
