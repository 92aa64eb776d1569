import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/model/limits.js';
import {
  createNumberReader,
  loadNumberingPlan,
  readDigits,
  readNumber,
} from '../../src/store/phone-number.js';

const plan = await loadNumberingPlan();
const read = (form: string) => {
  const { number, country, type, valid } = readNumber(readDigits(form) ?? '', plan);
  return [number, country, type, valid];
};

describe('readNumber', () => {
  // Each dialled form, and the number behind it: E.164, country, type, valid.
  it.each([
    ['+442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['00442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['000442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['011442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['9011442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['900442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['810442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['1010011442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['2700442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['99900442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['200100442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['%2B44-207-183-8750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['+44 (207) 1838750;phone-context=example', ['+442071838750', 'GB', 'fixed_line', true]],
    ['*9#00442071838750', ['+442071838750', 'GB', 'fixed_line', true]],
    ['00972592577956', ['+972592577956', 'IL', 'mobile', true]],
    ['00881612345678', ['+881612345678', null, 'satellite', true]],
    ['00883510012345', ['+883510012345', null, 'network', true]],
    ['+447012345678', ['+447012345678', 'GB', 'personal', true]],
    ['+449098790000', ['+449098790000', 'GB', 'premium', true]],
    ['+18005550199', ['+18005550199', 'US', 'toll_free', true]],
    ['0099912345678', ['+99912345678', null, 'unknown', false]],
    ['02071838750', ['02071838750', null, 'unknown', false]],
    ['100', ['100', null, 'extension', false]],
  ])('%s', (form, expected) => {
    expect(read(form)).toEqual(expected);
  });

  // findNumber() looks for the last six digits before it loads the plan.
  it('takes digits off in front alone, and leaves seven of what is dialled to the world', () => {
    const prefix = fc.constantFrom('', '+', '00', '011', '900', '9011', '810', '1010011', '27000');
    const digits = fc.stringMatching(/^[0-9]{1,16}$/);
    fc.assert(
      fc.property(prefix, digits, (before, after) => {
        const dialled = `${before}${after}`;
        const { number } = readNumber(dialled, plan);
        const left = number.replace('+', '');
        expect(dialled.endsWith(left)).toBe(true);
        if (left.length < 7) expect(dialled.replace('+', '')).toBe(left);
      }),
      { numRuns: 2_000 },
    );
  });

  it('names a known destination of revenue share fraud', () => {
    expect(readNumber('0025261234567', plan).highRisk).toBe(true);
    expect(readNumber('00442071838750', plan).highRisk).toBe(false);
  });

  it('strips the usual prefixes without a plan, and says nothing of the country', () => {
    expect(readNumber('9011442071838750', null)).toMatchObject({
      number: '+442071838750',
      country: null,
      valid: null,
    });
  });
});

describe('readDigits', () => {
  it.each(['alice', '', '+', '12a4', "1' OR 1=1", '1'.repeat(41), '+44+44', '١٢٣٤٥٦٧'])(
    '%s is no number',
    (form) => {
      expect(readDigits(form)).toBeNull();
    },
  );
});

describe('createNumberReader', () => {
  it('looks up a bounded number of forms in a second, and goes on in the next', () => {
    const reader = createNumberReader(plan);
    const numbers = Array.from({ length: LIMITS.numbersReadPerSecondMax + 1 }, (_, at) =>
      reader.read(`0044207183${1000 + at}`, 5_000_000),
    );
    expect(numbers.at(-2)).toMatchObject({ country: 'GB' });
    expect(numbers.at(-1)).toMatchObject({ country: null, valid: null });
    const number = numbers.at(-1)?.number.replace('+', '00') ?? '';
    expect(reader.read(number, 6_000_000)).toMatchObject({ country: 'GB', valid: true });
  });
});
