import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkNonce,
  checkToTag,
  makeNonce,
  makeOpaque,
  makeToTag,
} from '../../../../src/core/trap/proof/nonce.js';
import type { NonceForm, TagForm } from '../../../../src/core/trap/persona.js';

const HOUR_US = 3_600_000_000;
const NOW_US = 480_000 * HOUR_US + 1;
const secret = Buffer.alloc(32, 1);
const address = '192.0.2.1';

describe('a nonce', () => {
  const nonce = makeNonce(secret, address, NOW_US);

  it('is steady for a source for four hours', () => {
    expect(nonce).toMatch(/^[0-9a-f]{32}$/);
    expect(makeNonce(secret, address, NOW_US + 4 * HOUR_US - 2)).toBe(nonce);
  });

  it.each([
    ['at once', address, nonce, NOW_US, true],
    ['near the end of its time', address, nonce, NOW_US + 4 * HOUR_US - 2, true],
    ['less than an hour after', address, nonce, NOW_US + 5 * HOUR_US - 2, true],
    ['an hour after', address, nonce, NOW_US + 5 * HOUR_US, false],
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

describe('the forms', () => {
  it.each([
    ['hex', /^[0-9a-f]{32}$/],
    ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ['pjsip', /^17\d{8}\/[0-9a-f]{32}$/],
  ] as const)('of a nonce: %s', (form, pattern) => {
    const nonce = makeNonce(secret, address, NOW_US, form);
    expect(nonce).toMatch(pattern);
    expect(checkNonce(secret, address, nonce, NOW_US)).toBe(true);
    const seconds = Number(nonce.split('/', 1)[0]);
    if (form === 'pjsip') expect(seconds).toBeLessThanOrEqual(NOW_US / 1_000_000);
  });

  it.each([
    ['as-hex', /^as[0-9a-f]{8}$/],
    ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    ['sofia', /^[aBcDeFgHjKmNpQrStUvXyZ0-9]{13}$/],
    ['cisco', /^[0-9A-F]{8}-[0-9A-F]{4}$/],
    ['decimal', /^\d{1,10}$/],
  ] as const)('of a tag: %s', (form, pattern) => {
    const tag = makeToTag(secret, address, 'call', NOW_US, form);
    expect(tag).toMatch(pattern);
    expect(checkToTag(secret, address, 'call', tag, NOW_US)).toBe(true);
  });

  it('of an opaque value: as steady as the nonce', () => {
    expect(makeOpaque(secret, address, NOW_US)).toMatch(/^[0-9a-f]{16}$/);
    expect(makeOpaque(secret, address, NOW_US + 1)).toBe(makeOpaque(secret, address, NOW_US));
  });
});

describe('whatever the source, the time and the secret', () => {
  const sources = fc.oneof(fc.ipV4(), fc.ipV6());
  const times = fc.integer({ min: 1_700_000_000_000_000, max: 1_900_000_000_000_000 });
  const secrets = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes));
  const nonceForms = fc.constantFrom<NonceForm>('hex', 'uuid', 'pjsip');
  // Forms of at least 52 bits: two values of 32 bits may be the same by chance.
  const tagForms = fc.constantFrom<TagForm>('uuid', 'sofia');
  const given = fc.record({
    key: secrets,
    otherKey: secrets,
    source: sources,
    otherSource: sources,
    nowUs: times,
    laterUs: fc.integer({ min: 0, max: HOUR_US }),
    tooLateUs: fc.integer({ min: 2 * HOUR_US, max: 1_000 * HOUR_US }),
    callId: fc.string(),
    otherCallId: fc.string(),
    nonceForm: nonceForms,
    tagForm: tagForms,
  });

  it('a nonce and a tag are good there and then, and nowhere else', () => {
    fc.assert(
      fc.property(given, (g) => {
        const nonce = makeNonce(g.key, g.source, g.nowUs, g.nonceForm);
        const isGood = (key: Buffer, source: string, nowUs: number): boolean =>
          checkNonce(key, source, nonce, nowUs);
        expect(isGood(g.key, g.source, g.nowUs + g.laterUs)).toBe(true);
        expect(isGood(g.key, g.source, g.nowUs + 3 * HOUR_US + g.tooLateUs)).toBe(false);
        expect(isGood(g.key, g.source, g.nowUs - 5 * HOUR_US)).toBe(false);
        expect(isGood(g.otherKey, g.source, g.nowUs)).toBe(g.otherKey.equals(g.key));
        expect(isGood(g.key, g.otherSource, g.nowUs)).toBe(g.otherSource === g.source);
        const tag = makeToTag(g.key, g.source, g.callId, g.nowUs, g.tagForm);
        const isOurs = (key: Buffer, source: string, callId: string, nowUs: number): boolean =>
          checkToTag(key, source, callId, tag, nowUs);
        expect(isOurs(g.key, g.source, g.callId, g.nowUs + g.laterUs)).toBe(true);
        expect(isOurs(g.key, g.source, g.callId, g.nowUs + g.tooLateUs)).toBe(false);
        expect(isOurs(g.otherKey, g.source, g.callId, g.nowUs)).toBe(g.otherKey.equals(g.key));
        expect(isOurs(g.key, g.otherSource, g.callId, g.nowUs)).toBe(g.otherSource === g.source);
        expect(isOurs(g.key, g.source, g.otherCallId, g.nowUs)).toBe(g.otherCallId === g.callId);
      }),
      { numRuns: 500 },
    );
  });

  it('no other text is a nonce or a tag', () => {
    fc.assert(
      fc.property(secrets, sources, times, fc.string(), (key, source, nowUs, text) => {
        expect(checkNonce(key, source, text, nowUs)).toBe(false);
        const isTag = checkToTag(key, source, 'call', text, nowUs);
        const forms = ['as-hex', 'uuid', 'sofia', 'cisco', 'decimal'] as const;
        const tags = forms.map((form) => makeToTag(key, source, 'call', nowUs, form));
        expect(isTag).toBe(tags.includes(text));
      }),
      { numRuns: 500 },
    );
  });
});
