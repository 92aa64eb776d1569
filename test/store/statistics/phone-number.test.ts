import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/common/limits.js';
import { readDialled, type DialledNumber } from '../../../src/core/sip/dialled-number.js';
import {
  createNumberReader,
  loadNumberingPlan,
  readNumber,
} from '../../../src/store/statistics/phone-number.js';

const plan = await loadNumberingPlan();
/** Throws where the form dials nothing. */
function dial(form: string): DialledNumber {
  const dialled = readDialled(form);
  if (dialled === null) throw new Error(`${form} dials nothing`);
  return dialled;
}
const read = (form: string, home: string | null = null) => {
  const { number, country, type, valid } = readNumber(dial(form), plan, home);
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

  // National zeros and the like, as people write them: one number, the plan's own.
  it.each([
    ['+44 (0)20 7946 0018', '+442079460018'],
    ['0044 (0)20 7946 0018', '+442079460018'],
    ['9011 44 020 7946 0018', '+442079460018'],
    ['+54 9 11 2345-6789', '+5491123456789'],
    ['+54 11 15 2345-6789', '+5491123456789'],
    ['+39 06 1234 5678', '+390612345678'],
    ['+7 8 916 123-45-67', '+79161234567'],
    ['+52 1 55 1234 5678', '+525512345678'],
    ['+52 044 55 1234 5678', '+525512345678'],
    ['+1 1 212 555 0123', '+12125550123'],
    ['+33 (0)1 42 68 53 00', '+33142685300'],
    ['+61 (0)412 345 678', '+61412345678'],
    ['+972 (0)59-257-7956', '+972592577956'],
  ])('%s is the number that its plan has', (form, number) => {
    expect(read(form)[0]).toBe(number);
    expect(read(form)[3]).toBe(true);
  });

  it.each([
    ['GB', '020 7946 0018', '+442079460018'],
    ['GB', '+44 (0)20 7946 0018', '+442079460018'],
    ['GB', '00972592577956', '+972592577956'],
    ['GB', '9011442071838750', '+442071838750'],
    ['US', '(212) 555-0123', '+12125550123'],
    ['US', '1 212 555 0123', '+12125550123'],
    ['US', '011 44 20 7946 0018', '+442079460018'],
    ['US', '00442079460018', '+442079460018'],
    ['AR', '011 15 2345-6789', '+5491123456789'],
    ['IT', '06 1234 5678', '+390612345678'],
    ['RU', '8 916 123-45-67', '+79161234567'],
    ['RU', '8 10 44 20 7946 0018', '+442079460018'],
    ['MX', '044 55 1234 5678', '+525512345678'],
    ['MX', '045 55 1234 5678', '+525512345678'],
    ['MX', '01 55 1234 5678', '+525512345678'],
    ['MX', '55 1234 5678', '+525512345678'],
  ])('dialled in %s, %s is %s', (home, form, number) => {
    expect(read(form, home)[0]).toBe(number);
    expect(read(form, home)[3]).toBe(true);
  });

  it('has one key for a number, whatever stands before it and between its digits', () => {
    const numbers = ['442079460018', '5491123456789', '390612345678', '525512345678'];
    const before = ['+', '00', '000', '011', '9011', '900', '810', '*9#00', '%2B', '%3000', ''];
    const fillers = fc.array(fc.constantFrom('', '-', '.', ' ', '/', '%23', '*'), {
      minLength: 14,
      maxLength: 14,
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...numbers),
        fc.constantFrom(...before),
        fillers,
        fc.constantFrom(null, 'GB', 'US', 'IT'),
        (number, start, between, home) => {
          const parted = Array.from(number, (digit, at) => `${digit}${between[at] ?? ''}`).join('');
          expect(read(`${start}${parted}`, home)[0]).toBe(`+${number}`);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  // findNumber() looks for the last six digits before it loads the plan.
  it('keeps the last six digits, and seven of what is dialled to the world', () => {
    const prefix = fc.constantFrom('', '+', '00', '011', '900', '9011', '810', '1010011', '27000');
    const digits = fc.stringMatching(/^[0-9]{1,16}$/);
    const home = fc.constantFrom(null, 'GB', 'US', 'AR', 'MX', 'IT', 'BR', 'RU');
    fc.assert(
      fc.property(prefix, digits, home, (before, after, country) => {
        const dialled = `${before}${after}`;
        const { number } = readNumber(dial(dialled), plan, country);
        const left = number.replace('+', '');
        expect(left.slice(-6)).toBe(dialled.replace('+', '').slice(-6));
        if (left.length < 7) expect(dialled.replace('+', '')).toBe(left);
      }),
      { numRuns: 5_000 },
    );
  });

  it('names a known destination of revenue share fraud', () => {
    expect(readNumber(dial('0025261234567'), plan).highRisk).toBe(true);
    expect(readNumber(dial('00442071838750'), plan).highRisk).toBe(false);
  });

  it('strips the usual prefixes without a plan, and says nothing of the country', () => {
    expect(readNumber(dial('9011442071838750'), null)).toMatchObject({
      number: '+442071838750',
      country: null,
      valid: null,
    });
  });
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
