import { describe, expect, it } from 'vitest';
import { createTarget, type Sent } from './attacker.js';

type AttackOf = (number: number) => Sent;

const enumerating: AttackOf = (n) => ({
  method: 'REGISTER',
  user: String(100 + n),
  contactHost: '10.0.0.1',
});

const ATTACKS: readonly (readonly [string, AttackOf, number])[] = [
  ['enumerates', enumerating, 16],
  ['enumerates in ever new names', (n) => ({ method: 'REGISTER', user: String(100 + n) }), 101],
  ['guesses', () => ({ method: 'REGISTER', user: '100', guess: true }), 7],
  ['calls', (n) => ({ method: 'INVITE', user: `00${n}972599123456` }), 4],
  ['asks', () => ({ method: 'OPTIONS', user: '100' }), 41],
];

/** Sends so many, a tenth of a second apart, and says how many were answered, and who was blocked. */
function attack(addressOf: (number: number) => string, sentOf: AttackOf, messages: number) {
  const target = createTarget([{ target: '2001:db8:99::1/128', from: 'own address on eth0' }]);
  for (let number = 1; number <= messages; number += 1) {
    target.send(addressOf(number), sentOf(number));
    target.wait(0.1);
  }
  return { answered: target.answered, targets: target.blocks.map((block) => block.target) };
}

const hex = (number: number): string => number.toString(16);

describe('a new IPv6 address for each request', () => {
  it.each(ATTACKS)('of one /64 is one source when it %s', (_what, sentOf, within) => {
    const { answered, targets } = attack((n) => `2001:db8:7:8:${hex(n)}::5`, sentOf, 300);
    expect(answered).toBeLessThan(within);
    expect(new Set(targets)).toEqual(new Set(['2001:db8:7:8::/64']));
  });

  it.each(ATTACKS)('of ever new /64 of one /48 is found when it %s', (_what, sentOf) => {
    const { answered, targets } = attack((n) => `2001:db8:7:${hex(n)}::5`, sentOf, 300);
    expect(answered).toBeLessThanOrEqual(45);
    expect(targets.length).toBeGreaterThan(0);
  });

  it.each(ATTACKS)('of our own /64 is found, and blocked alone, when it %s', (_what, sentOf) => {
    const { answered, targets } = attack((n) => `2001:db8:99::${hex(n + 1)}`, sentOf, 300);
    expect(answered).toBeLessThanOrEqual(45);
    expect(targets.every((target) => target.endsWith('/128') || target.endsWith('/48'))).toBe(true);
    expect(targets).not.toContain('2001:db8:99::1/128');
  });
});

it('counts what two addresses of a /64 do together, and two sites apart', () => {
  const blocksOf = (one: string, other: string): number => {
    const { send, state } = createTarget();
    for (let number = 1; number <= 14; number += 1) {
      send(number % 2 === 0 ? one : other, enumerating(number));
    }
    send(one, enumerating(100));
    send(other, enumerating(101));
    return state.counts.blocks;
  };
  expect(blocksOf('2001:db8:1:2::1', '2001:db8:1:2::2')).toBe(1);
  expect(blocksOf('2001:db8:1:2::1', '2001:db8:2:3::2')).toBe(0);
});

it('answers one /64 at the rate of one source', () => {
  const target = createTarget();
  for (let number = 1; number <= 300; number += 1) {
    target.send(`2001:db8:1:2::${hex(number)}`, { method: 'OPTIONS', user: '' });
  }
  expect(target.state.counts.withheldRate + target.state.counts.withheldBlocked).toBeGreaterThan(
    200,
  );
});
