import { describe, expect, it } from 'vitest';
import { createTarget } from './attacker.js';

const OTHERS = ['PUBLISH', 'REFER', 'INFO', 'NOTIFY', 'PRACK', 'UPDATE'];

/** Asks for 200 users, a second apart, and says how many were answered. */
function enumerate(methodOf: (number: number) => string, contactOf: (number: number) => string) {
  const target = createTarget();
  for (let number = 1; number <= 200; number += 1) {
    target.send('203.0.113.7', {
      method: methodOf(number),
      user: String(100 + number),
      contactHost: contactOf(number),
      transport: 'tcp',
    });
    target.wait(1);
  }
  return target;
}

describe('an enumeration', () => {
  it.each(OTHERS)('by %s is found', (method) => {
    const { answered, blocks } = enumerate(
      () => method,
      () => '10.0.0.1',
    );
    expect(answered).toBeLessThanOrEqual(13);
    expect(blocks).toHaveLength(1);
  });

  it('by all of them in turn is found', () => {
    const { answered } = enumerate(
      (number) => OTHERS[number % OTHERS.length] ?? 'INFO',
      () => '10.0.0.1',
    );
    expect(answered).toBeLessThanOrEqual(13);
  });

  it.each(['REGISTER', 'SUBSCRIBE', ...OTHERS])('by %s in ever new names is found', (method) => {
    const { answered, blocks } = enumerate(
      () => method,
      (number) => `10.0.0.${number}`,
    );
    expect(answered).toBeLessThanOrEqual(9);
    expect(blocks).toHaveLength(1);
  });
});

it('is no phone that tries one transport after the other, each at its port', () => {
  const target = createTarget();
  const ways = [
    ['udp', 5060],
    ['tcp', 5060],
    ['tls', 5061],
    ['ws', 5066],
    ['wss', 7443],
  ] as const;
  for (const [transport, localPort] of ways) {
    const sent = { method: 'REGISTER', user: '201', transport, localPort };
    target.send('203.0.113.7', sent);
    target.wait(4);
  }
  expect(target.blocks).toEqual([]);
  expect(target.answered).toBe(ways.length);
});

it('is found at three ports of ours by one transport', () => {
  const target = createTarget();
  for (const localPort of [5060, 5062, 5080]) {
    target.send('203.0.113.7', { method: 'OPTIONS', user: '201', transport: 'tcp', localPort });
  }
  expect(target.blocks).toHaveLength(1);
});
