import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeJson, safeOutput, safeText } from '../../../src/core/common/text.js';

describe('safeText', () => {
  it.each([
    ['Störer, спам, 攻撃 😀', 'Störer, спам, 攻撃 😀'],
    ['\u001b[2J\u001b]0;title\u0007', '\\x1b[2J\\x1b]0;title\\x07'],
    ['a\nb\rc\td', 'a\\x0ab\\x0dc\\x09d'],
    ['\u009b31m', '\\x9b31m'],
    ['user\u202egnp.exe', 'user\\u202egnp.exe'],
    ['a\u200bb\u2066c\ufeff', 'a\\u200bb\\u2066c\\ufeff'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}', '\\u{e0041}'],
  ])('%j: %s', (text, shown) => {
    expect(safeText(text)).toBe(shown);
  });
});

describe('safeOutput', () => {
  it.each([
    ['two\nlines', 'two\nlines'],
    ['\u001b[1;31mred\u001b[0m\u001b[39m', '\u001b[1;31mred\u001b[0m\u001b[39m'],
    // Concealed text, the cursor, a title and a link are none of ours.
    ['\u001b[8m', '\\x1b[8m'],
    ['\u001b[2J', '\\x1b[2J'],
    ['\u001b]8;;http://x\u0007', '\\x1b]8;;http://x\\x07'],
    ['over\rwritten', 'over\\x0dwritten'],
  ])('%j: %j', (text, shown) => {
    expect(safeOutput(text)).toBe(shown);
  });
});

it('JSON that is made safe reads as the same text, and holds nothing unsafe', () => {
  const unit = fc.constantFrom('\u001b', '\u009b', '\u202e', '\u{e0041}', 'é', '"', '\n', '\u00ad');
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const json = safeJson(JSON.stringify({ text }, null, 2));
      expect(JSON.parse(json)).toEqual({ text });
      expect(safeOutput(json)).toBe(json);
    }),
  );
});
