import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../src/core/common/limits.js';
import type { Proof } from '../../../../src/core/model/proof.js';
import { likelyGuess } from '../../../../src/core/detect/fields/likely-guess.js';
import { request, toEvent } from '../events.js';
import { START_US } from '../replay.js';

/** A second that no other test spends hashes in. */
const LATER_US = START_US + 3_600_000_000;

const hex = (name: string, text: string) => createHash(name).update(text).digest('hex');

interface Given {
  readonly user?: string;
  readonly password: string;
  readonly method?: string;
  readonly proof?: Proof;
  readonly algorithm?: string;
  readonly nonce?: string;
  readonly atUs?: number;
}

function guess({
  user = '4711',
  password,
  method = 'REGISTER',
  proof = 'nonce',
  algorithm = 'MD5',
  nonce = 'n',
  atUs = LATER_US,
}: Given): string | null {
  const name = algorithm === 'MD5' ? 'md5' : 'sha256';
  const asked = hex(name, `${method}:sip:pbx`);
  const response = hex(name, `${hex(name, `${user}:pbx:${password}`)}:${nonce}:${asked}`);
  const Authorization =
    `Digest username="${user}", realm="pbx", nonce="${nonce}", uri="sip:pbx", ` +
    `response="${response}", algorithm=${algorithm}`;
  return likelyGuess(toEvent(request(method, { Authorization }), { proof, receivedAtUs: atUs }));
}

describe('likelyGuess', () => {
  it.each(['4711', '47114711', '1174', '47111', '4711123', '47111234', '1234', 'password'])(
    'knows %s',
    (password) => {
      expect(guess({ password })).toBe(password);
    },
  );

  it.each([
    ['a password that nobody tries first', { password: 'kR5#x' }],
    ['the name of another', { password: '4712' }],
    ['an event that may be forged', { password: '4711', proof: 'none' }],
  ] as const)('does not name %s', (_, given) => {
    expect(guess(given)).toBeNull();
  });

  it.each(['INVITE', 'SUBSCRIBE', 'PUBLISH'])('is one password by %s as well', (method) => {
    expect(guess({ password: '4711', method })).toBe('4711');
  });

  it('knows SHA-256, and a connection without a nonce of ours', () => {
    expect(guess({ password: '4711', algorithm: 'SHA-256', proof: 'tcp' })).toBe('4711');
  });

  it('spends no more hashes in a second than allowed, and none on what may be forged', () => {
    const atUs = LATER_US + 60_000_000;
    for (let n = 0; n < LIMITS.likelyHashesPerSecondMax; n += 1)
      guess({ password: 'x', nonce: `f${n}`, proof: 'none', atUs });
    expect(guess({ password: '4711', nonce: 'a', atUs })).toBe('4711');
    for (let n = 0; n < LIMITS.likelyHashesPerSecondMax / 20; n += 1)
      guess({ password: 'x', nonce: `p${n}`, atUs });
    expect(guess({ password: '4711', nonce: 'b', atUs })).toBeNull();
    expect(guess({ password: '4711', nonce: 'a', atUs })).toBe('4711');
    expect(guess({ password: '4711', nonce: 'b', atUs: atUs + 1_000_000 })).toBe('4711');
  });
});
