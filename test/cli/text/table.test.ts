import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { screenOf, textWidth, type Screen } from '../../../src/cli/text/screen.js';
import { renderLines, renderPairs, renderTable, type Column } from '../../../src/cli/text/table.js';

const screen = (columns: number | null, colour = false): Screen => ({ columns, colour });
const PIPE = screen(null);

const HEAD: readonly Column[] = [
  { title: 'TARGET' },
  { title: 'SINCE', rank: 1 },
  { title: 'PROOF', rank: 2 },
  { title: 'WHY' },
];
const LONG_WHY = 'twelve extensions were tried within ten seconds by one address';
const ROWS = [
  ['203.0.113.7/32', '2026-01-31 12:00:00', 'none', LONG_WHY],
  ['2001:db8:1:2::/64', '2026-01-31 12:00:01', 'cookie', 'short'],
];

const check = (columns: number | null, expected: readonly string[]): void => {
  expect(renderTable(HEAD, ROWS, screen(columns)).split('\n')).toEqual(expected);
};

describe('a table', () => {
  it('goes into a pipe whole, one row a line', () => {
    check(null, [
      'TARGET             SINCE                PROOF   WHY',
      `203.0.113.7/32     2026-01-31 12:00:00  none    ${LONG_WHY}`,
      '2001:db8:1:2::/64  2026-01-31 12:00:01  cookie  short',
    ]);
  });
  it('is the same on a terminal that is wide enough', () => {
    check(120, renderTable(HEAD, ROWS, PIPE).split('\n'));
    check(200, renderTable(HEAD, ROWS, PIPE).split('\n'));
  });
  it('wraps the last column under itself at 80 columns', () => {
    check(80, [
      'TARGET             SINCE                PROOF   WHY',
      '203.0.113.7/32     2026-01-31 12:00:00  none    twelve extensions were tried',
      '                                                within ten seconds by one',
      '                                                address',
      '2001:db8:1:2::/64  2026-01-31 12:00:01  cookie  short',
    ]);
  });
  it('leaves out what matters least, and says so, at 60 columns', () => {
    check(60, [
      'TARGET             WHY',
      '203.0.113.7/32     twelve extensions were tried within ten',
      '                   seconds by one address',
      '2001:db8:1:2::/64  short',
      'no room for SINCE, PROOF: add `| less -S`, or widen the',
      'terminal',
    ]);
  });
  it('becomes lines of title and cell where not even the important fits', () => {
    check(40, [
      'TARGET  203.0.113.7/32',
      'SINCE   2026-01-31 12:00:00',
      'PROOF   none',
      'WHY     twelve extensions were tried',
      '        within ten seconds by one',
      '        address',
      '',
      'TARGET  2001:db8:1:2::/64',
      'SINCE   2026-01-31 12:00:01',
      'PROOF   cookie',
      'WHY     short',
    ]);
  });
});

describe('a column that wraps', () => {
  it('does so when no other can go', () => {
    const head = ['TARGET', { title: 'BLOCKED', wraps: true }, { title: 'PROOF', rank: 1 }, 'WHY'];
    const row = ['203.0.113.7', 'everything (simulated)', 'none', 'twelve extensions tried'];
    expect(renderTable(head, [row], screen(66)).split('\n')).toEqual([
      'TARGET       BLOCKED                 WHY',
      '203.0.113.7  everything (simulated)  twelve extensions tried',
      'no room for PROOF: add `| less -S`, or widen the terminal',
    ]);
    expect(renderTable(head, [row], screen(58)).split('\n').slice(0, 3)).toEqual([
      'TARGET       BLOCKED      WHY',
      '203.0.113.7  everything   twelve extensions tried',
      '             (simulated)',
    ]);
  });
});

describe('a cell', () => {
  it.each([
    ['that is empty', '', '-'],
    ['with a line end', 'a\nb', 'a\\x0ab'],
    ['that colours', '\u001b[31mred', '\\x1b[31mred'],
    ['that turns the writing', 'a\u202eb', 'a\\u202eb'],
    ['with blanks that would be lost', ' a   b ', '\\x20a\\x20\\x20 b\\x20'],
  ])('%s', (_, text, shown) => {
    expect(renderTable(['A'], [[text]], PIPE)).toBe(`A\n${shown}`);
  });
  it('is aligned by the columns that it takes', () => {
    const rows = [
      ['電話', 'x'],
      ['e\u0301', 'x'],
      ['📞', 'x'],
    ];
    const lines = renderTable(['AB', 'B'], rows, PIPE).split('\n');
    expect(lines.map((line) => textWidth(line.slice(0, -1)))).toEqual([6, 6, 6, 6]);
  });
  it('has its colour, which takes no room', () => {
    const head: readonly Column[] = [{ title: 'A', tone: () => 'bad' }, { title: 'B' }];
    expect(renderTable(head, [['x', 'y']], screen(80, true))).toBe(
      '\u001b[2mA\u001b[22m  \u001b[2mB\u001b[22m\n\u001b[31mx\u001b[39m  y',
    );
  });
});

describe('whatever the cells', () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.string({ maxLength: 60 }),
    fc.constantFrom('電話電話', 'friendly-scanner', '2001:db8::1'),
  );
  const cell = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
  const rows = fc.array(fc.tuple(cell, cell, cell, cell), { minLength: 1, maxLength: 6 });

  it('no line is longer than the terminal', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 20, max: 200 }), (table, columns) => {
        for (const line of renderTable(HEAD, table, screen(columns)).split('\n')) {
          expect(textWidth(line)).toBeLessThanOrEqual(columns);
        }
      }),
    );
  });
  it('a column is on the terminal, or is named as left out', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 40, max: 200 }), (table, columns) => {
        const text = renderTable(HEAD, table, screen(columns)).replace(/\s/g, '');
        for (const { title } of HEAD) expect(text).toContain(title);
      }),
    );
  });
  it('what is shown is shown whole', () => {
    fc.assert(
      fc.property(cell, fc.integer({ min: 40, max: 200 }), (why, columns) => {
        const piped = renderTable(['WHY'], [[why]], PIPE).slice('WHY\n'.length);
        const shown = renderTable(['WHY'], [[why]], screen(columns));
        expect(shown.replace('WHY', '').replace(/\s/g, '')).toBe(piped.replace(/\s/g, ''));
      }),
    );
  });
  it('each row can be told apart again from a pipe', () => {
    fc.assert(
      fc.property(rows, (table) => {
        const [, ...lines] = renderTable(HEAD, table, PIPE).split('\n');
        const wanted = table.map((row) =>
          row.map((text) => renderTable(['A'], [[text]], PIPE).slice('A\n'.length)),
        );
        expect(lines.map((line) => line.split(/ {2,}/))).toEqual(wanted);
      }),
    );
  });
});

describe('renderPairs', () => {
  it.each([
    ['puts the values in one column', null, 'a     1\nlong  one two three four five'],
    ['wraps a value under itself', 22, 'a     1\nlong  one two three\n      four five'],
    ['puts it below its name where it is narrow', 20, 'a\n  1\nlong\n  one two three four\n  five'],
  ])('%s', (_, columns, expected) => {
    const pairs = [['a', '1'] as const, ['long', 'one two three four five'] as const];
    expect(renderPairs(pairs, screen(columns))).toBe(expected);
  });
});

describe('a word that is longer than its line', () => {
  it.each([
    [
      'breaks at the end of a part',
      '/var/lib/sentrypeer/agent.db',
      '/var/lib/sentrypeer/',
      'agent.db',
    ],
    ['else where the line ends', 'a/'.padEnd(30, 'x'), `a/${'x'.repeat(20)}`, 'x'.repeat(8)],
  ])('%s', (_, word, first, second) => {
    expect(renderLines(word, screen(22))).toBe(`${first}\n${second}`);
  });
});

describe('renderLines', () => {
  it('goes on below, indented as the line began, and leaves the rest as it is', () => {
    expect(renderLines('a  b\n  one two three four five', screen(20))).toBe(
      'a  b\n  one two three four\n  five',
    );
    expect(renderLines('  one two three four five', PIPE)).toBe('  one two three four five');
  });
});

describe('screenOf', () => {
  const terminal = { isTTY: true, columns: 120 };
  it.each([
    ['a terminal', terminal, {}, 120, true],
    ['a pipe', {}, { COLUMNS: '80' }, null, false],
    ['a terminal that knows no size', { isTTY: true, columns: 0 }, { COLUMNS: '100' }, 100, true],
    ['one without COLUMNS', { isTTY: true, columns: 0 }, { COLUMNS: 'x' }, 80, true],
    ['NO_COLOR', terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, 120, false],
    ['an empty NO_COLOR', terminal, { NO_COLOR: '' }, 120, true],
    ['TERM=dumb', terminal, { TERM: 'dumb' }, 120, false],
    ['FORCE_COLOR into a pipe', {}, { FORCE_COLOR: '1' }, null, true],
    ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, 120, false],
  ])('%s', (_, stream, env, columns, colour) => {
    expect(screenOf(stream, env)).toEqual({ columns, colour });
  });
});
