import { describe, expect, it } from 'vitest';
import { checkNonce, checkToTag, makeNonce, makeToTag } from '../../../src/core/trap/nonce.js';

const HOUR_US = 3_600_000_000;
const NOW_US = 480_000 * HOUR_US + 1;
const secret = Buffer.alloc(32, 1);
const address = '192.0.2.1';

describe('a nonce', () => {
  const nonce = makeNonce(secret, address, NOW_US);

  it('is steady for a source within its hour', () => {
    expect(nonce).toMatch(/^[0-9a-f]{32}$/);
    expect(makeNonce(secret, address, NOW_US + HOUR_US - 2)).toBe(nonce);
  });

  it.each([
    ['this hour', address, nonce, NOW_US, true],
    ['the next hour', address, nonce, NOW_US + HOUR_US, true],
    ['the hour after', address, nonce, NOW_US + 2 * HOUR_US, false],
    ['an hour before it was made', address, nonce, NOW_US - HOUR_US, false],
    ['another address', '192.0.2.2', nonce, NOW_US, false],
    ['another nonce', address, nonce.replace(/./g, '0'), NOW_US, false],
    ['a part of it', address, nonce.slice(0, 31), NOW_US, false],
    ['nothing', address, '', NOW_US, false],
    ['bytes beyond ASCII', address, '\u0100'.repeat(32), NOW_US, false],
  ] as const)('is checked: %s', (_, from, text, nowUs, valid) => {
    expect(checkNonce(secret, from, text, nowUs)).toBe(valid);
  });

  it('differs under another secret', () => {
    expect(makeNonce(Buffer.alloc(32, 2), address, NOW_US)).not.toBe(nonce);
    expect(checkNonce(Buffer.alloc(32, 2), address, nonce, NOW_US)).toBe(false);
  });
});

describe('a To-tag', () => {
  const tag = makeToTag(secret, address, 'call', NOW_US);

  it('has the form of Asterisk', () => {
    expect(tag).toMatch(/^as[0-9a-f]{8}$/);
  });

  it.each([
    ['this hour', address, 'call', tag, NOW_US, true],
    ['the next hour', address, 'call', tag, NOW_US + HOUR_US, true],
    ['the hour after', address, 'call', tag, NOW_US + 2 * HOUR_US, false],
    ['another address', '2001:db8::1', 'call', tag, NOW_US, false],
    ['another call', address, 'call2', tag, NOW_US, false],
    ['another tag', address, 'call', 'as00000000', NOW_US, false],
    ['another form', address, 'call', 'xyz', NOW_US, false],
  ] as const)('is checked: %s', (_, from, callId, text, nowUs, valid) => {
    expect(checkToTag(secret, from, callId, text, nowUs)).toBe(valid);
  });
});
