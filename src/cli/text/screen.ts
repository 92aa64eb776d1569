/** What is written to: a terminal of so many columns, or something that takes lines of any length. */
export interface Screen {
  /** null: a pipe or a file, where nothing wraps and nothing is left out. */
  readonly columns: number | null;
  readonly colour: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const COLUMNS_UNKNOWN = 80;
const COLUMNS_MIN = 20;

/** A terminal that does not know its size (a serial line) goes by COLUMNS, else is 80 wide. */
export function screenOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Environment,
): Screen {
  const terminal = stream.isTTY === true;
  const own = [stream.columns, Number(env['COLUMNS'])].find((each) => (each ?? 0) > 0);
  const columns = terminal ? Math.max(COLUMNS_MIN, Math.floor(own ?? COLUMNS_UNKNOWN)) : null;
  return { columns, colour: wantsColour(terminal, env) };
}

/** https://no-color.org, and FORCE_COLOR as Node reads it: NO_COLOR comes first. */
function wantsColour(terminal: boolean, env: Environment): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return terminal && TERM !== 'dumb';
}

export const thisScreen = (): Screen => screenOf(process.stdout, process.env);

export type Tone = 'bad' | 'warn' | 'good' | 'dim';

/** Those that `safeOutput` lets through. */
const CODES: Readonly<Record<Tone, readonly [on: number, off: number]>> = {
  bad: [31, 39],
  warn: [33, 39],
  good: [32, 39],
  dim: [2, 22],
};

export function paint(text: string, tone: Tone | null, { colour }: Screen): string {
  if (!colour || tone === null || text === '') return text;
  const [on, off] = CODES[tone];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

const PLAIN = /^[\x20-\x7e]*$/;
/** East Asian wide and full-width characters, and emoji that are drawn as pictures by themselves. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What a reader takes for characters: a letter with its marks is one. */
export const graphemes = (text: string): readonly string[] =>
  PLAIN.test(text) ? Array.from(text) : [...segmenter.segment(text)].map(({ segment }) => segment);

const widthOf = (grapheme: string): number =>
  WIDE.test(grapheme) ? 2 : ZERO.test(grapheme) ? 0 : 1;

/** Columns that a text takes on a terminal. It holds no control characters. */
export const textWidth = (text: string): number =>
  PLAIN.test(text)
    ? text.length
    : graphemes(text).reduce((sum, grapheme) => sum + widthOf(grapheme), 0);

export const padTo = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - textWidth(text)));

/** Cut to a width; an ellipsis says so. */
export function clipTo(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return `${headOf(text, width - 1)}…`;
}

/** As many whole characters as fit, one at least. */
function headOf(text: string, width: number): string {
  let head = '';
  let used = 0;
  for (const grapheme of graphemes(text)) {
    used += widthOf(grapheme);
    if (used > width && head !== '') break;
    head += grapheme;
  }
  return head;
}

/** Up to the last end of a part (of a path, an address) if that is not far back. */
function breakable(head: string): string {
  const end = Math.max(...['/', ',', ';', '&'].map((mark) => head.lastIndexOf(mark))) + 1;
  return end > head.length / 2 ? head.slice(0, end) : head;
}

/** In lines of at most so many columns: between words where it can, else within one. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (textWidth(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (textWidth(line) > width) {
      const head = breakable(headOf(line, width));
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}
