import { safeText } from '../../core/common/text.js';
import { padTo, paint, textWidth, thisScreen, wrapText, type Screen, type Tone } from './screen.js';

export interface Column {
  readonly title: string;
  /** Which goes first where there is no room: the highest. None: it is always shown. */
  readonly rank?: number;
  /** Takes the room that is left, and wraps. Without one it is the last that is shown. */
  readonly fills?: boolean;
  /** May wrap between its words when no other column can go. */
  readonly wraps?: boolean;
  readonly tone?: (cell: string) => Tone | null;
}

type Row = readonly string[];

const FILLING_COLUMN_MIN = 24;
/** Of the terminal: below that a reason becomes a tower of words, and another column goes first. */
const FILLING_SHARE = 0.35;
const GAP = '  ';

/**
 * A table without borders: what is there can be read by eye, cut and grepped. On a terminal no line is
 * longer than it: what there is no room for is left out, least important first, and the last line says
 * so; where not even the important fits, each row becomes lines of `title  cell`. Into a pipe goes
 * all, one row a line; no cell is empty or holds two blanks, so that `awk -F '  +'` finds them.
 */
export function renderTable(
  head: readonly (string | Column)[],
  rows: readonly Row[],
  screen: Screen = thisScreen(),
): string {
  const columns = head.map((each) => (typeof each === 'string' ? { title: each } : each));
  const cells = rows.map((row) => columns.map((_, at) => cellText(row[at] ?? '')));
  const fitted = fit(columns, cells, screen.columns);
  if (fitted === null) return renderRecords(columns, cells, screen);
  const { shown, widths } = fitted;
  const title = layRow(
    shown,
    widths,
    columns.map((each) => each.title),
    (text) => paint(text, 'dim', screen),
  );
  const lines = cells.flatMap((row) =>
    layRow(shown, widths, row, (text, at) =>
      paint(text, columns[at]?.tone?.(row[at] ?? '') ?? null, screen),
    ),
  );
  return [...title, ...lines, ...leftOut(columns, shown, screen)].join('\n');
}

/** Line ends and other control characters are escaped; so are blanks that would be lost or mislead. */
const cellText = (text: string): string =>
  text === '' ? '-' : safeText(text).replace(/^ | (?= )| $/g, '\\x20');

interface Fitted {
  /** Places of the columns that are shown. */
  readonly shown: readonly number[];
  readonly widths: ReadonlyMap<number, number>;
}

/** null: not even what is always shown has room. */
function fit(columns: readonly Column[], rows: readonly Row[], room: number | null): Fitted | null {
  const natural = columns.map(({ title }, at) => widest(title, rows, at, textWidth));
  let shown = columns.map((_, at) => at);
  if (room === null) return { shown, widths: new Map(natural.entries()) };
  const dropped = shown
    .filter((at) => columns[at]?.rank !== undefined)
    .sort((a, b) => (columns[b]?.rank ?? 0) - (columns[a]?.rank ?? 0));
  const comfort = Math.max(FILLING_COLUMN_MIN, Math.floor(room * FILLING_SHARE));
  for (;;) {
    const widths = widthsIn(columns, shown, { natural, room, least: comfort });
    if (widths !== null) return { shown, widths };
    const next = dropped.shift();
    if (next === undefined) break;
    shown = shown.filter((at) => at !== next);
  }
  const wrapped = columns.map(({ title, wraps }, at) =>
    wraps === true ? widest(title, rows, at, longestWord) : (natural[at] ?? 0),
  );
  const least = FILLING_COLUMN_MIN;
  const widths =
    widthsIn(columns, shown, { natural, room, least }) ??
    widthsIn(columns, shown, { natural: wrapped, room, least });
  return widths === null ? null : { shown, widths };
}

/** null: less than `least`, and less than it wants, is left for the column that fills. */
function widthsIn(
  columns: readonly Column[],
  shown: readonly number[],
  given: { natural: readonly number[]; room: number; least: number },
): Map<number, number> | null {
  const { natural, room, least } = given;
  const filling = shown.find((at) => columns[at]?.fills === true) ?? shown.at(-1);
  if (filling === undefined) return null;
  const wanted = natural[filling] ?? 0;
  const others = shown.filter((at) => at !== filling);
  const left = others.reduce((sum, at) => sum - (natural[at] ?? 0) - GAP.length, room);
  if (left < Math.min(wanted, least)) return null;
  return new Map(natural.entries()).set(filling, Math.min(wanted, left));
}

const widest = (
  title: string,
  rows: readonly Row[],
  at: number,
  measure: (text: string) => number,
): number => rows.reduce((most, row) => Math.max(most, measure(row[at] ?? '')), measure(title));

const longestWord = (text: string): number => Math.max(...text.split(' ').map(textWidth));

/** One row; a cell that is longer than its column goes on under itself. */
function layRow(
  shown: readonly number[],
  widths: ReadonlyMap<number, number>,
  row: Row,
  painted: (text: string, at: number) => string,
): string[] {
  const parts = shown.map((at) => wrapText(row[at] ?? '', widths.get(at) ?? 1));
  const height = Math.max(...parts.map((each) => each.length));
  return Array.from({ length: height }, (_, level) => {
    const texts = parts.map((each) => each[level] ?? '');
    // Blanks only before what follows: no line ends in them.
    const last = texts.findLastIndex((text) => text !== '');
    return shown
      .slice(0, last + 1)
      .map((at, place) => {
        const text = texts[place] ?? '';
        const fill =
          place === last ? '' : padTo(text, widths.get(at) ?? 0).slice(text.length) + GAP;
        return painted(text, at) + fill;
      })
      .join('');
  });
}

function leftOut(columns: readonly Column[], shown: readonly number[], screen: Screen): string[] {
  const titles = columns.filter((_, at) => !shown.includes(at)).map(({ title }) => title);
  if (titles.length === 0 || screen.columns === null) return [];
  const text = `no room for ${titles.join(', ')}: add \`| less -S\`, or widen the terminal`;
  return wrapText(text, screen.columns).map((line) => paint(line, 'dim', screen));
}

function renderRecords(columns: readonly Column[], rows: readonly Row[], screen: Screen): string {
  return rows
    .map((row) =>
      renderPairs(
        columns.map(({ title }, at) => [title, row[at] ?? '']),
        screen,
      ),
    )
    .join('\n\n');
}

const PAIR_VALUE_MIN = 16;

export type Pair = readonly [name: string, value: string, tone?: Tone | null];

/** `name   value` lines, the names in one column; a long value goes on under itself. */
export function renderPairs(pairs: readonly Pair[], screen: Screen = thisScreen()): string {
  const width = Math.max(...pairs.map(([name]) => textWidth(name)));
  const { columns } = screen;
  if (columns === null) {
    return pairs
      .map(([name, value, tone = null]) => padTo(name, width) + GAP + paint(value, tone, screen))
      .join('\n');
  }
  const beside = columns - width - GAP.length;
  // Too narrow for two columns: the value stands below its name.
  const below = beside < PAIR_VALUE_MIN;
  const indent = below ? GAP : ' '.repeat(width) + GAP;
  return pairs
    .flatMap(([name, value, tone = null]) => {
      const lines = wrapText(value, below ? columns - GAP.length : beside).map((line) =>
        paint(line, tone, screen),
      );
      const [first = '', ...more] = lines;
      const shown = below
        ? [...wrapText(name, columns), ...lines.map((line) => indent + line)]
        : [padTo(name, width) + GAP + first, ...more.map((line) => indent + line)];
      return shown.map((line) => line.trimEnd());
    })
    .join('\n');
}

/** Lines of prose: one that is longer than the terminal goes on below, indented as it began. */
export function renderLines(text: string, { columns }: Screen = thisScreen()): string {
  if (columns === null) return text;
  return text
    .split('\n')
    .flatMap((line) => {
      // Colours take no room. A table's lines, which have some, are never too long.
      if (textWidth(line.replace(/\u001b\[[\d;]*m/g, '')) <= columns) return [line];
      const indent = /^ */.exec(line)?.[0].slice(0, columns / 2) ?? '';
      return wrapText(line.trimStart(), columns - indent.length).map((part) => indent + part);
    })
    .join('\n');
}
