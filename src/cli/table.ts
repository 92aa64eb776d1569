import Table from 'cli-table3';

/** Borders off: what is left can be read by eye, cut and grepped. */
const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

const NARROWEST_LAST_COLUMN = 24;

/**
 * A table without borders. The last column takes what is left of the terminal's width and wraps;
 * into a pipe nothing wraps, so that one row is one line. Cells hold no packet text unescaped.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | null = terminalWidth(),
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 0);
  const own = widths.at(-1) ?? 0;
  const room = width === null ? own : Math.max(NARROWEST_LAST_COLUMN, width - before - 1);
  const colWidths = [...widths.slice(0, -1), Math.min(own, room)];
  const table = new Table({
    head: [...head],
    chars: BORDERLESS,
    colWidths,
    wordWrap: true,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Columns of the terminal; null when the output goes elsewhere. */
const terminalWidth = (): number | null => (process.stdout.isTTY ? process.stdout.columns : null);

/** `name   value` lines, the names in one column. */
export function renderPairs(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
