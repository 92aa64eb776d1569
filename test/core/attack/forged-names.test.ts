import { describe, expect, it } from 'vitest';
import { createTarget, type Sent, type Target } from './attacker.js';

const PEER = '203.0.113.9';
const ATTACKER = '198.51.100.66';
const SCANNER: Sent = { method: 'OPTIONS', user: '100', agent: 'friendly-scanner' };

const isBlocked = ({ blocks }: Target, address: string): boolean =>
  blocks.some(({ target }) => target === `${address}/32`);

describe('one forged packet', () => {
  it.each([
    ['the name of a scanner', SCANNER],
    ['an injection', { method: 'INVITE', user: "100' or 1=1--", agent: "a' or 1=1--" }],
    ['the name of a scanner that dials', { ...SCANNER, method: 'INVITE', user: '00972599123456' }],
  ] as const)('with %s blocks nobody, also when the peer itself goes on', (_what, forged) => {
    const target = createTarget();
    target.send(PEER, forged);
    for (let number = 0; number < 30; number += 1) {
      target.wait(30);
      target.send(PEER, { method: 'OPTIONS', user: '' });
    }
    expect(target.blocks).toEqual([]);
  });

  it('is not made two by being sent again', () => {
    const target = createTarget();
    for (let times = 0; times < 3; times += 1) {
      target.send(PEER, { ...SCANNER, number: 1_000 });
      target.wait(0.5);
    }
    expect(target.blocks).toEqual([]);
  });
});

it('blocks a scanner at its second message, however long it waits up to ten minutes', () => {
  for (const seconds of [0.01, 30, 500]) {
    const target = createTarget();
    const first = target.send(ATTACKER, SCANNER).map(({ kind }) => kind);
    expect(first).toContain('answer');
    target.wait(seconds);
    const second = target.send(ATTACKER, SCANNER).map(({ kind }) => kind);
    expect([isBlocked(target, ATTACKER), second.includes('answer')]).toEqual([true, false]);
  }
});

it('blocks a scanner at its first message over TCP', () => {
  const target = createTarget();
  target.send(ATTACKER, { ...SCANNER, transport: 'tcp' });
  expect(target.blocks).toMatchObject([{ proof: 'tcp', scope: 'all' }]);
});

/** A storm of forged scanners, each heard twice, from everywhere, beside which others go on. */
function createStorm(perSecond: number) {
  const target = createTarget();
  let forged = 0;
  const rage = (seconds: number): void => {
    for (let number = 0; number < perSecond * seconds; number += 1) {
      forged += 1;
      const address = `${11 + (forged % 150)}.${(forged * 7) % 256}.${(forged >> 8) % 256}.9`;
      target.send(address, SCANNER);
      target.send(address, SCANNER);
      target.wait(1 / perSecond);
    }
  };
  rage(Math.ceil(1_000 / perSecond));
  expect(target.state.blocks.breaker.tripped).toBe(true);
  return { target, rage };
}

describe('beside a storm of forged packets', () => {
  const ATTACKS: readonly (readonly [string, (number: number) => Sent])[] = [
    ['a named scanner', () => SCANNER],
    [
      'an enumerator',
      (n) => ({ method: 'REGISTER', user: String(100 + n), contactHost: '10.0.0.1' }),
    ],
  ];
  it.each(ATTACKS.flatMap(([what, sentOf]) => [15, 200].map((rate) => ({ what, sentOf, rate }))))(
    'blocks $what within 60 messages, at $rate forged sources a second',
    ({ sentOf, rate }) => {
      const { target, rage } = createStorm(rate);
      let sent = 0;
      while (!isBlocked(target, ATTACKER) && sent < 300) {
        sent += 1;
        target.send(ATTACKER, sentOf(sent));
        rage(0.1);
      }
      expect(sent).toBeLessThanOrEqual(60);
      expect(target.state.blocks.breaker.tripped).toBe(true);
    },
  );

  it('fills the sets with no more strangers than its bound in a minute', () => {
    const { target, rage } = createStorm(200);
    rage(60);
    const { newUnprovenPerMinuteMax } = target.state.settings.policy;
    expect(target.blocks.length).toBeLessThanOrEqual(newUnprovenPerMinuteMax + 1);
  });

  it('answers a newcomer, and blocks who proves its address', () => {
    const { target } = createStorm(200);
    const newcomer = target.send(PEER, { method: 'OPTIONS', user: '' });
    expect(newcomer.map(({ kind }) => kind)).toContain('answer');
    for (let number = 0; number < 7; number += 1) {
      target.send(ATTACKER, { method: 'REGISTER', user: '100', guess: true });
    }
    expect(isBlocked(target, ATTACKER)).toBe(true);
  });
});
