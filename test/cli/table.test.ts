import { describe, expect, it } from 'vitest';
import { renderPairs, renderTable } from '../../src/cli/table.js';

/** The last column has its least, 24, whatever is left. */
const NARROWEST_WIDTH = 1;

describe('renderTable', () => {
  const head = ['TARGET', 'WHY'];
  const rows = [
    ['203.0.113.7/32', 'one two three four five six seven eight nine ten'],
    ['10.0.0.0/8', 'short'],
  ];

  it('keeps a row on a line when it goes into a pipe', () => {
    expect(renderTable(head, rows, null).split('\n')).toEqual([
      'TARGET          WHY',
      '203.0.113.7/32  one two three four five six seven eight nine ten',
      '10.0.0.0/8      short',
    ]);
  });

  it('wraps the last column on a terminal', () => {
    const lines = renderTable(head, rows, 45).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(45);
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('one two three four five six');
    expect(lines.length).toBe(4);
  });
});

describe('a last column that wraps', () => {
  it.each([
    ['between words', 'one two three', ['one two', 'three']],
    ['within a word that is too long', 'abcdefghijkl mno', ['abcdefghij', 'kl mno']],
    ['at a word that just fits', 'abcdefghij k', ['abcdefghij', 'k']],
    ['not at all', 'abcdefghij', ['abcdefghij']],
    ['and may be empty', '', ['']],
  ])('%s', (_, text, expected) => {
    const filler = 'x'.repeat(14);
    const [, ...lines] = renderTable(
      ['A', 'B'],
      [['a', `${filler}${text}`]],
      NARROWEST_WIDTH,
    ).split('\n');
    const [first = '', ...more] = expected;
    const wanted = [`a  ${filler}${first}`, ...more.map((part) => `   ${part}`)];
    expect(lines).toEqual(wanted.map((line) => line.trimEnd()));
  });
});

describe('renderPairs', () => {
  it('puts the values in one column', () => {
    expect(
      renderPairs([
        ['a', '1'],
        ['long', '2'],
      ]),
    ).toBe('a     1\nlong  2');
  });
});
