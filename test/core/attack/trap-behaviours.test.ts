import { describe, expect, it } from 'vitest';
import type { Scope } from '../../../src/core/model/block.js';
import { createTarget, type Sent } from './attacker.js';

const SOURCE = '198.51.100.9';

/** Sends so many, so many seconds apart: the message that brought the first block, and its scope. */
function play(sentOf: (number: number) => Sent, messages: number, apartS: number) {
  const target = createTarget();
  const scopes = new Set<Scope>();
  let first: number | null = null;
  for (let number = 0; number < messages; number += 1) {
    // Who answers a challenge keeps the Call-ID (RFC 3261, 22.2).
    const sent = { callId: `p${number}`, ...sentOf(number) };
    // As a client does: without credentials first, so that it learns the nonce.
    if (sent.password !== undefined) {
      target.send(SOURCE, withoutPassword(sent));
      target.wait(0.05);
    }
    target.send(SOURCE, sent);
    if (target.blocks.length > 0) first ??= number + 1;
    target.wait(apartS);
  }
  for (const block of target.blocks) scopes.add(block.scope);
  return { first, scopes };
}

function withoutPassword(sent: Sent): Sent {
  const rest = { contactHost: '10.0.0.1', ...sent };
  delete rest.password;
  return rest;
}
const strong = (n: number): string => `kR${n * 77}xQ`;
const register = (user: string, password?: string, contactHost = '10.0.0.1'): Sent => ({
  method: 'REGISTER',
  user,
  contactHost,
  ...(password === undefined ? {} : { password }),
});
const invite = (user: string): Sent => ({ method: 'INVITE', user });
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'];

type Case = readonly [string, (n: number) => Sent, number, number, number, Scope];

const ATTACKS: readonly Case[] = [
  ['one guess for each extension', (n) => register(`${100 + n}`, `${100 + n}`), 40, 0.2, 2, 'all'],
  [
    'the same, another machine each time',
    (n) => register(`${100 + n}`, `${100 + n}`, `10.0.0.${n}`),
    40,
    0.2,
    // An office that starts shows as many machines in its first second.
    24,
    'sip',
  ],
  ['accounts by turns, nineteen seconds apart', turns, 40, 19, 8, 'sip'],
  ['one account at one guess a minute', (n) => register('200', strong(n)), 20, 60, 4, 'all'],
  ['one number five times a second', () => invite('00441234567890'), 20, 0.2, 3, 'sip'],
  ['one number once a day', () => invite('00441234567890'), 7, 86_400, 3, 'sip'],
  ['one extension five times a second', () => invite('200'), 60, 0.2, 7, 'sip'],
  ['one extension once an hour', () => invite('200'), 12, 3_600, 7, 'sip'],
  ['one user asked for five times a second', () => register('100'), 60, 0.2, 40, 'sip'],
  ['one user asked for ten times a second', () => register('100'), 240, 0.1, 40, 'sip'],
  ['a costly number', () => invite('0037120000000'), 5, 300, 2, 'sip'],
  ['names, half a minute apart', (n) => register(NAMES[n] ?? ''), 10, 30, 9, 'sip'],
];

function turns(n: number): Sent {
  return register(`${100 + (n % 30)}`, strong(n));
}

describe('on a trap', () => {
  it.each(ATTACKS)('%s is blocked', (_what, sentOf, messages, apartS, within, scope) => {
    const { first, scopes } = play(sentOf, messages, apartS);
    expect(first).not.toBeNull();
    expect(first ?? Infinity).toBeLessThanOrEqual(within);
    expect(scopes).toContain(scope);
  });

  it('a look, three guesses and two calls are one story', () => {
    const story: readonly Sent[] = [
      { method: 'OPTIONS', user: '100' },
      ...[0, 1, 2].map((n) => register(`${200 + n}`, strong(n))),
      invite('00441234567890'),
      invite('00441234567891'),
    ];
    expect(play((n) => story[n] ?? invite('100'), story.length, 20).first).toBe(story.length);
  });
});

describe('an honest peer', () => {
  const METHODS = ['REGISTER', 'SUBSCRIBE', 'PUBLISH', 'MESSAGE', 'INVITE'];
  it.each([
    ['a phone with its extension as password', () => register('100', '100'), 288, 300],
    ['a softphone with one wrong password that does everything', softphone, 50, 60],
    ['a wrong number twice', () => invite('00441234567890'), 2, 30],
    ['a person who types three passwords', (n: number) => register('200', strong(n)), 3, 40],
    ['a phone that never sees the challenge', () => register('100'), 2_000, 32],
  ] as const)('%s is not blocked', (_what, sentOf, messages, apartS) => {
    expect(play(sentOf, messages, apartS).first).toBeNull();
  });

  it('is never blocked wholly: sixty phones behind one address with weak passwords', () => {
    const office = (n: number): Sent => {
      const phone = n % 60;
      return register(`${100 + phone}`, `${100 + phone}`, `192.168.1.${phone + 5}`);
    };
    expect(play(office, 240, 1).scopes).not.toContain('all');
  });

  function softphone(n: number): Sent {
    return { ...register('100', 'Zu8q'), method: METHODS[n % METHODS.length] ?? 'REGISTER' };
  }
});
