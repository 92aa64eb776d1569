import fc from 'fast-check';
import cronJobs from 'node-cron';
import { describe, expect, it } from 'vitest';
import { isCronExpression } from '../../../src/config/keys/cron.js';
import {
  country,
  decimal,
  duration,
  listOf,
  network,
  size,
  truth,
} from '../../../src/config/keys/readers.js';
import { suggest } from '../../../src/config/suggest.js';

describe('readers', () => {
  it('read back every duration and size they write', () => {
    const seconds = duration(0, 1e9);
    const bytes = size(0);
    fc.assert(
      fc.property(fc.nat({ max: 1e9 }), (value) => {
        expect(seconds.read(seconds.write(value))).toEqual({ ok: true, value });
        expect(bytes.read(bytes.write(value))).toEqual({ ok: true, value });
      }),
    );
  });

  it('write the largest unit that loses nothing', () => {
    expect([90, 600, 14_400, 604_800, 0].map((value) => duration(0, 1e9).write(value))).toEqual([
      '90s',
      '10m',
      '4h',
      '7d',
      '0s',
    ]);
    expect([512, 65_536, 1_073_741_824].map((value) => size(0).write(value))).toEqual([
      '512B',
      '64KiB',
      '1GiB',
    ]);
  });

  it.each([
    ['GB', 'GB'],
    ['gb', 'GB'],
    ['UK', 'GB'],
    ['', null],
  ])('take %s for the country %s', (text, value) => {
    expect(country.read(text)).toEqual({ ok: true, value });
  });

  it('take no other letters for a country', () => {
    for (const text of ['QQ', 'ZZ', '44', 'GBR', 'Britain', '+44', ' ']) {
      expect(country.read(text).ok).toBe(false);
    }
  });

  it('take truth in the usual words, and nothing that objects inherit', () => {
    expect(truth.read('Yes')).toEqual({ ok: true, value: true });
    expect(truth.read('off')).toEqual({ ok: true, value: false });
    expect(truth.read('constructor').ok).toBe(false);
  });

  it('take fractions within bounds', () => {
    expect(decimal(1, 10).read('1.5')).toEqual({ ok: true, value: 1.5 });
    expect(decimal(1, 10).read('0.5').ok).toBe(false);
    expect(decimal(1, 10).read('1e1').ok).toBe(false);
  });

  it('keep each entry of a list once, in canonical form', () => {
    const reading = listOf(network, 0).read('192.0.2.1, 192.0.2.1/32, ::ffff:192.0.2.1');
    expect(reading).toEqual({ ok: true, value: ['192.0.2.1/32'] });
    expect(listOf(network, 0).read('')).toEqual({ ok: true, value: [] });
    expect(listOf(network, 1).read('').ok).toBe(false);
    expect(listOf(network, 0).read('192.0.2.1,,').ok).toBe(false);
  });
});

describe('cron expressions', () => {
  it.each(['* * * * *', '17 3 * * *', '*/5 0-6 1,15 jan-mar mon', '0 0 1-31/2 * 7'])(
    'accepts %s, and so does the scheduler',
    (text) => {
      expect(isCronExpression(text)).toBe(true);
      expect(cronJobs.validate(text)).toBe(true);
    },
  );
  it.each(['', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '*/0 * * * *'])(
    'refuses %s',
    (text) => {
      expect(isCronExpression(text)).toBe(false);
    },
  );
  it.each(['0 0 31 2 *', '0 0 30,31 feb *', '0 0 31 2,4,11-12/10 *', '0 0 31 4 mon'])(
    'refuses %s, a day that never comes, and so does the scheduler',
    (text) => {
      expect(isCronExpression(text)).toBe(false);
      expect(cronJobs.validate(text)).toBe(false);
    },
  );
  it('accepts nothing that the scheduler refuses', () => {
    const field = (min: number, max: number) => {
      const number = fc.integer({ min, max });
      const range = fc
        .tuple(number, number)
        .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`);
      const step = fc.integer({ min: 1, max: 40 });
      const stepped = fc.tuple(fc.oneof(fc.constant('*'), range), step).map((two) => two.join('/'));
      const part = fc.oneof(fc.constant('*'), number.map(String), range, stepped);
      return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));
    };
    const late = fc.oneof(field(1, 31), field(29, 31));
    const text = fc
      .tuple(field(0, 59), field(0, 23), late, field(1, 12), field(0, 7))
      .map((fields) => fields.join(' '));
    fc.assert(
      fc.property(text, (each) => !isCronExpression(each) || cronJobs.validate(each)),
      { numRuns: 2_000 },
    );
  });
  it.each(['5-1 * * * *', '* * * foo *', '*-5 * * * *', '1, * * * *', '5/2 * * * *'])(
    'refuses %s',
    (text) => {
      expect(isCronExpression(text)).toBe(false);
    },
  );
});

describe('a suggestion', () => {
  it.each([
    ['threshhold', 'threshold'],
    ['thresohld', 'threshold'],
    ['mdoe', 'mode'],
    ['xyz', null],
    ['threshold_of_all', null],
  ])('for %s is %s', (text, expected) => {
    expect(suggest(text, ['mode', 'threshold', 'scope'])).toBe(expected);
  });
});
