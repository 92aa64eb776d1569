import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calledNumber } from '../../../src/core/detect/fields/called-number.js';
import { dialledDigits } from '../../../src/core/sip/dialled-number.js';

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
    // Escapes that are escaped in turn, as often as anybody would look.
    ['%2530%2530972592577956', '00972592577956'],
    ['%252530097259257%37956', '00972592577956'],
    // What a local number belongs to (RFC 3966, 5.1.5); what is dialled abroad belongs nowhere else.
    ['863-1234;phone-context=+1-914-555', '+19145558631234'],
    ['tel:059-257-7956;phone-context=+972', '+972592577956'],
    ['592577956;phone-context=%2B972', '+972592577956'],
    ['592577956;ext=12;phone-context=+972', '+972592577956'],
    ['592577956;phone-context=pbx.example', '592577956'],
    ['+592577956;phone-context=+972', '+592577956'],
    ['00972592577956;isub=12', '00972592577956'],
    ['00972592577956;postd=pp22', '00972592577956'],
    ['00972592577956;ext=7', '00972592577956'],
    ["00!972'592,577&956", '00972592577956'],
    ['00%20972%09592577956', '00972592577956'],
    ['(00)972~592!577=956$', '00972592577956'],
    // A plus further in is one of an international number.
    ['00+972592577956', '+972592577956'],
    ['9+972592577956', '+972592577956'],
    ['9#+972592577956', '+972592577956'],
    ['++972592577956', '+972592577956'],
    // Letters that a dial plan lets through.
    ['a00972592577956', '00972592577956'],
    ['-tel00972592577956', '00972592577956'],
    ['%61%300972592577956', '00972592577956'],
    ['00972592577956p', '00972592577956'],
    ['sip:a00972592577956@192.0.2.1', '00972592577956'],
    ['00972592577956:1234', '00972592577956'],
    [`${'~'.repeat(90)}00972592577956`, '00972592577956'],
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
    ...['a12345678', 'abcd123456789', '12345a678901', 'SEP0011AABBCCDD', '~'.repeat(9)],
    ...['9+12', `${'~'.repeat(500)}123456789`],
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
        if (a === '') expect(calledNumber(`${text}${b}`)?.digits).toBe(digits);
      }),
    );
  });
});
