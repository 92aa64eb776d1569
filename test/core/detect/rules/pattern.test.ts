import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { shapeOf } from '../../../../src/core/detect/rules/pattern-shape.js';
import { patternTest } from '../../../../src/core/detect/rules/pattern.js';
import { builtInRules } from '../replay.js';

describe('the shape of a pattern', () => {
  it.each([
    ['^z9hG4bK[0-9]{10}$', '^z9hG4bK[0-9]{10}$', null],
    ['(?i)abc|d-?e', 'abc|d-?e', null],
    ['a.\\s', 'a[^\\n][\\t\\n\\f\\r ]', null],
    ['(a|b)c', '(?:a|b)c', null],
    ["'\\s*or", null, 'or'],
    ['a+bc|\\$\\(|x*yz{2,}', null, 'bc|\\x24\\x28|y'],
    ['^[0-9a-f]{12}\\x01[0-9]+$', null, '^[0-9a-f]{12}\\x01'],
    // Nothing in it is rare, or it backtracks too far.
    ['[a-z]+', null, null],
    ['(?:a?){30}b', null, null],
    ['(?:(?:a|b){9}){9}', null, null],
    // What may mean something else to the other engine.
    ['(?s).', null, null],
    ['\\pL', null, null],
    ['[[:alpha:]]', null, null],
    ['[]a]', null, null],
    ['\\Aab', null, null],
    ['(?P<n>a)', null, null],
    ['\\Q.\\E', null, null],
    ['\xe9', null, null],
    ['a{,2}', null, null],
  ])('%s', (source, whole, filter) => {
    const shape = shapeOf(source);
    expect(shape.whole?.source ?? null).toBe(whole);
    expect(shape.filter?.source ?? null).toBe(filter);
  });

  it('of a built-in rule is never none', () => {
    const sources = builtInRules.flatMap(({ when }) =>
      Array.from(
        (when ?? '').matchAll(/\.regex\(r?"((?:[^"\\]|\\.)*)"\)/g),
        ([, text = '']) => text,
      ),
    );
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      if (/^\^\[[0-9-]+\]/.test(source)) continue;
      const { whole, filter } = shapeOf(source);
      expect(whole ?? filter, source).not.toBeNull();
    }
  });
});

/** Patterns of every notation that the tokenizer knows, and of some that it does not. */
const atom = fc.constantFrom(
  ...['a', 'B', 'k', '1', '-', '\\.', '\\$', "'", '\\s', '\\d', '\\w', '.', '\\b', '^', '$'],
  ...[
    '[a-c]',
    '[^a]',
    '[\\s;]',
    '[\\]x-]',
    '\\x01',
    '\\n',
    '(?:a|bc)',
    '(B)',
    '(?:a+|1)',
    '\xe9',
    '\\S',
  ],
);
const repeat = fc.constantFrom(
  '',
  '',
  '',
  '?',
  '*',
  '+',
  '{2}',
  '{1,2}',
  '{2,}',
  '??',
  '+?',
  '{0}',
);
const sequence = fc
  .array(fc.tuple(atom, repeat), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.map((part) => part.join('')).join(''));
const pattern = fc
  .tuple(fc.constantFrom('', '(?i)'), fc.array(sequence, { minLength: 1, maxLength: 3 }))
  .map(([flags, alternatives]) => flags + alternatives.join('|'));
const char = fc.constantFrom(
  ...Array.from("aAbBckK1-.$';]x \t\n\r\v\f\x01\x85\xa0\xe9\xc9\xb5\xdf\xffs"),
);
const text = fc.oneof(
  fc.array(char, { maxLength: 8 }).map((chars) => chars.join('')),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

describe('a pattern', () => {
  it('means the same to the fast engine as to RE2, for any latin-1 text', () => {
    const seen = { whole: 0, filter: 0, hits: 0 };
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 20 }), (source, texts) => {
        let re2: RE2JS;
        try {
          re2 = RE2JS.compile(source);
        } catch {
          return;
        }
        const { whole, filter } = shapeOf(source);
        if (whole !== null) seen.whole += 1;
        if (filter !== null) seen.filter += 1;
        for (const each of texts) {
          const expected = re2.test(each);
          if (whole !== null) expect(whole.test(each)).toBe(expected);
          if (filter !== null && expected) {
            seen.hits += 1;
            expect(filter.test(each)).toBe(true);
          }
          expect(patternTest(source, false)(each)).toBe(expected);
        }
        // One that remembers its last text, which comes twice, and then others.
        const remembering = patternTest(source, true);
        for (const each of [...texts.flatMap((one) => [one, one]), ...texts]) {
          expect(remembering(each)).toBe(re2.test(each));
        }
      }),
      { numRuns: 600 },
    );
    expect(Math.min(seen.whole, seen.filter, seen.hits)).toBeGreaterThan(20);
    // All of it is computing: on a busy machine it takes as long as it takes.
  }, 180_000);

  it('that no engine may backtrack in takes linear time', () => {
    expect(patternTest('^(?:a+)+b$', false)('a'.repeat(20_000))).toBe(false);
    expect(patternTest('(?:a?){40}a{40}b', false)('a'.repeat(200))).toBe(false);
  });
});
