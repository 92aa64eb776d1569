const NARROWEST_LAST_COLUMN = 24;
const GAP = '  ';

/**
 * A table without borders: what is there can be read by eye, cut and grepped. The last column takes
 * what is left of the terminal's width and wraps; into a pipe nothing wraps, so that one row is one
 * line. Cells hold no packet text unescaped, and no line ends.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | null = terminalWidth(),
): string {
  const lines = [head, ...rows];
  const last = head.length - 1;
  const widths = head.slice(0, last).map((_, column) => widest(lines, column));
  const before = widths.reduce((sum, each) => sum + each + GAP.length, 0);
  const own = widest(lines, last);
  const room = width === null ? own : Math.max(NARROWEST_LAST_COLUMN, width - before - 1);
  return lines
    .flatMap((cells) => {
      const start = widths.map((each, column) => (cells[column] ?? '').padEnd(each) + GAP).join('');
      const [first = '', ...more] = wrapText(cells[last] ?? '', room);
      return [start + first, ...more.map((part) => ' '.repeat(before) + part)];
    })
    .map((line) => line.trimEnd())
    .join('\n');
}

const widest = (lines: readonly (readonly string[])[], column: number): number =>
  lines.reduce((most, cells) => Math.max(most, (cells[column] ?? '').length), 0);

/** In lines of at most so many characters: between words where it can, else within one. */
function wrapText(text: string, charsMax: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > charsMax) {
    const space = rest.lastIndexOf(' ', charsMax);
    const end = space > 0 ? space : charsMax;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

/** Columns of the terminal; null when the output goes elsewhere. */
const terminalWidth = (): number | null => (process.stdout.isTTY ? process.stdout.columns : null);

/** `name   value` lines, the names in one column. */
export function renderPairs(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
