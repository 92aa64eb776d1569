import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calledNumber,
  numberKind,
  prefixOf,
  suffixOf,
} from '../../../src/core/detect/called-number.js';
import { dialledDigits } from '../../../src/core/detect/dialled-digits.js';

describe('dialledDigits', () => {
  it.each([
    ['00972592577956', '00972592577956'],
    ['+972592577956', '+972592577956'],
    ['%300972592577956', '00972592577956'],
    ['%2B972592577956', '+972592577956'],
    ['%2b44-207-183-8750', '+442071838750'],
    ['00972%23592577956', '00972592577956'],
    ['*9#00972592577956', '900972592577956'],
    ['+44 (0)20 7946.0018', '+4402079460018'],
    ['00972/592577956', '00972592577956'],
    ['00972592577956;phone-context=+1', '00972592577956'],
    ['00972592577956%3Bphone-context=example.com', '00972592577956'],
    ['+972592577956;user=phone', '+972592577956'],
    ['tel:+972-59-257-7956', '+972592577956'],
    ['sip:00972592577956@192.0.2.1;user=phone', '00972592577956'],
    ['SIPS:%2B972592577956:secret@pbx.example:5061', '+972592577956'],
    [`00972592577956;x=${'y'.repeat(500)}`, '00972592577956'],
    ['1', '1'],
  ])('%s dials %s', (form, digits) => {
    expect(dialledDigits(form)).toBe(digits);
  });

  it.each([
    ...[
      'alice',
      '',
      '+',
      '-',
      '%',
      '%3',
      '%2B',
      '12a4',
      "1' OR 1=1",
      '+44+44',
      '44+44',
      'tel:',
      ';1',
    ],
    ...['1'.repeat(41), '%31'.repeat(41), '١٢٣٤٥٦٧', '%0d%0a123456789', 'sip:@1', '1\\x30'],
  ])('%s is no number', (form) => {
    expect(dialledDigits(form)).toBeNull();
  });

  it('reads digits the same, however they are escaped and parted', () => {
    const piece = fc.tuple(
      fc.integer({ min: 0, max: 9 }),
      fc.boolean(),
      fc.constantFrom('', '', '-', '.', ' ', '(', ')', '/', '*', '#', '%23', '%2A', '_', '~'),
    );
    const around = fc.constantFrom(['', ''], ['tel:', ''], ['sip:', '@h'], ['', ';user=phone']);
    fc.assert(
      fc.property(fc.array(piece, { minLength: 9, maxLength: 20 }), around, (pieces, [a, b]) => {
        const digits = pieces.map(([digit]) => digit).join('');
        const text = pieces
          .map(([digit, escaped, filler]) => `${escaped ? `%3${digit}` : digit}${filler}`)
          .join('');
        expect(dialledDigits(`${a}${text}${b}`)).toBe(digits);
        if (a === '') expect(calledNumber(`${text}${b}`)).toBe(digits);
      }),
    );
  });
});

describe('calledNumber', () => {
  it('takes fewer than nine digits for an extension', () => {
    expect(['12345678', '1-2-3-4-5-6-7-8'].map(calledNumber)).toEqual([null, null]);
    expect(calledNumber('123456789')).toBe('123456789');
  });

  it('parts prefix and suffix, and names the kind behind any dial prefix', () => {
    const number = calledNumber('%39011-882-16-12345678') ?? '';
    expect([prefixOf(number), suffixOf(number)]).toEqual(['90118821', '612345678']);
    expect(numberKind(number)).toBe('network');
  });
});
