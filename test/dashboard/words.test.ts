import { describe, expect, it } from 'vitest';
import { timeAgo, timeLeft } from '../../src/core/common/time-words.js';
import { describeScope } from '../../src/core/model/scope-words.js';
import {
  addressOf,
  count,
  countryName,
  figure,
  formatBytes,
  plainName,
  shortTarget,
} from '../../src/dashboard/words.js';

const NOW = Date.parse('2026-01-31T12:00:00Z');

describe('words', () => {
  it.each([
    ['all', false, false, 'everything'],
    ['sip', false, true, 'SIP ports (simulated)'],
    ['beside', true, true, 'all but the trap (forced)'],
  ] as const)('a block of %s, forced %s, simulated %s: %s', (scope, forced, simulated, words) => {
    expect(describeScope({ scope, forced, simulated })).toBe(words);
  });

  it.each([
    [null, 'no end'],
    ['2026-01-31T11:59:59Z', 'ended'],
    ['2026-01-31T12:09:58.4Z', '9m 58s'],
    ['2026-02-07T12:00:00Z', '7d'],
  ])('%s leaves %s', (until, expected) => {
    expect(timeLeft(until, NOW)).toBe(expected);
  });

  it.each([
    [null, 'never'],
    ['2026-01-31T12:00:05Z', 'now'],
    ['2026-01-31T11:58:20Z', '1m 40s ago'],
  ])('%s was %s', (at, expected) => {
    expect(timeAgo(at, NOW)).toBe(expected);
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_234_567.4, '1,234,567'],
  ])('%d is %s', (value, expected) => {
    expect(figure(value)).toBe(expected);
  });

  it('counts in the singular and the plural', () => {
    expect([count(1, 'source'), count(0, 'source'), count(1_200, 'source')]).toEqual([
      '1 source',
      '0 sources',
      '1,200 sources',
    ]);
  });

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [417_792, '408 KiB'],
    [5 * 1_024 ** 3, '5.0 GiB'],
  ])('%d bytes are %s', (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  it.each([
    ['203.0.113.7/32', '203.0.113.7', '203.0.113.7'],
    ['203.0.113.0/24', '203.0.113.0/24', '203.0.113.0'],
    ['2001:db8::1/128', '2001:db8::1', '2001:db8::1'],
    ['2001:db8::/32', '2001:db8::/32', '2001:db8::'],
    ['::ffff/12', '::ffff/12', '::ffff'],
  ])('%s is written %s, and its story is that of %s', (target, short, address) => {
    expect(shortTarget(target)).toBe(short);
    expect(addressOf(target)).toBe(address);
  });

  it('names countries, and leaves what is none as it is', () => {
    const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });
    expect(countryName('GB', names)).toBe('United Kingdom');
    expect(countryName('<b>', names)).toBe('<b>');
    expect(countryName('GB', null)).toBe('GB');
    expect(plainName('database_writable')).toBe('Database writable');
  });
});
