import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/core/sip/parse.js';
import { calledUser, nameOfUser } from '../../../src/core/sip/user-part.js';
import { unescapedForms } from '../../../src/core/sip/unescape.js';

describe('nameOfUser', () => {
  it.each([
    ['100', '100'],
    ['%31%30%30', '100'],
    ['%2531%2530%2530', '100'],
    ['%25253100', '100'],
    ['1-0-0', '100'],
    ['(1)0.0~', '100'],
    ['1%200%200', '100'],
    ['100;phone-context=pbx.example', '100'],
    ['100%3Bisub=1', '100'],
    ['100:secret', '100'],
    ['100%3Asecret', '100'],
    ['%20100%09', '100'],
    ['+442071838750', '+442071838750'],
    ['00+442071838750', '00442071838750'],
    ['*97', '*97'],
    ['#31#100', '#31#100'],
    ['alice', 'alice'],
    ['al%69ce;user=phone', 'alice'],
    ['first.last', 'first.last'],
    ['Alice', 'Alice'],
    ['trunk_4930', 'trunk_4930'],
    ['1_0_0', '100'],
    ['10+20', '10+20'],
    ['100%', '100%'],
    // Nothing to be known by, and yet something that was tried.
    [';x', ';x'],
    ['%20', '%20'],
  ])('%s is %s', (user, name) => {
    expect(nameOfUser(user)).toBe(name);
  });

  it('is none where there is none', () => {
    expect(nameOfUser(null)).toBeNull();
    expect(nameOfUser('')).toBe('');
  });

  it('never throws, and is steady: a name is its own name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 40 }), (user) => {
        const name = nameOfUser(user) ?? '';
        if (!/[%;:]|^\s|\s$/.test(name)) expect(nameOfUser(name)).toBe(name);
      }),
    );
  });
});

describe('calledUser', () => {
  it.each([
    ['INVITE sip:192.0.2.1', '<sip:100@192.0.2.1>', '100'],
    ['INVITE sip:200@192.0.2.1', '<sip:100@192.0.2.1>', '200'],
    ['MESSAGE sip:192.0.2.1', '<sip:100@192.0.2.1>', '100'],
    ['REGISTER sip:192.0.2.1', '<sip:100@192.0.2.1>', null],
    ['INVITE tel:+44-20-7183;phone-context=a', '<tel:+44>', '+44-20-7183;phone-context=a'],
    ['INVITE SIPS:200@PBX.EXAMPLE', '<sip:100@192.0.2.1>', '200'],
  ])('%s to %s is for %s', (start, to, user) => {
    const text = `${start} SIP/2.0\r\nTo: ${to}\r\n\r\n`;
    expect(calledUser(parseMessage(Buffer.from(text)))).toBe(user);
  });
});

describe('unescapedForms', () => {
  it.each([
    ['plain', ['plain']],
    ['%27', ["'"]],
    ['%2527', ['%27', "'"]],
    ['%%32%37', ['%27', "'"]],
    ['%25252527', ['%252527', '%2527', '%27']],
    ['%zz', ['%zz']],
  ])('%s', (text, forms) => {
    expect(unescapedForms(text)).toEqual(forms);
  });
});
