import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesAsJson, jsonText } from '../../../src/store/logs/json-text.js';

const PRINTABLE = /^[\x20-\x7e]*$/;

it('gives any text back through JSON, in printable ASCII', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff)), (units) => {
      const text = String.fromCharCode(...units);
      const json = jsonText(text);
      expect(json).toMatch(PRINTABLE);
      expect(JSON.parse(json)).toBe(text);
    }),
  );
});

describe('the bytes of a message', () => {
  const read = (bytes: Buffer) => {
    const { message, base64 } = bytesAsJson(bytes);
    expect(message + base64).toMatch(PRINTABLE);
    return { message: JSON.parse(message) as string, base64: JSON.parse(base64) as string | null };
  };

  it.each([
    ['a message', 'OPTIONS sip:a SIP/2.0\r\n\tfolded "x"\\\r\n\r\n', true],
    ['nothing', '', true],
    ['UTF-8', 'From: Zoë', true],
    ['a NUL', 'a\0b', false],
    ['DEL', 'a\x7fb', false],
    ['a C1 control in UTF-8', 'a\x85b', false],
  ])('%s', (_, text, plain) => {
    const bytes = Buffer.from(text, 'utf8');
    expect(read(bytes)).toEqual({
      message: text,
      base64: plain ? null : bytes.toString('base64'),
    });
  });

  it('that are no UTF-8 are shown one character a byte, and kept in base64', () => {
    const bytes = Buffer.from('a\xff\xfe', 'latin1');
    expect(read(bytes)).toEqual({ message: 'aÿþ', base64: bytes.toString('base64') });
  });

  it('can always be had back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (array) => {
        const bytes = Buffer.from(array);
        const { message, base64 } = read(bytes);
        const back = base64 === null ? Buffer.from(message, 'utf8') : Buffer.from(base64, 'base64');
        expect(back.equals(bytes)).toBe(true);
      }),
    );
  });
});
