/**
 * How an RE2 pattern can be tried by JavaScript's engine without its backtracking: `whole` when all
 * of it can, else `filter`, which every text that the pattern matches passes, and few others. Null:
 * neither. Both hold for latin-1 text, which packets are. Only what means the same in both engines
 * is taken, and no repetition without an end, so that the work at each place of a text is bounded.
 */
export interface PatternShape {
  readonly whole: RegExp | null;
  readonly filter: RegExp | null;
}

/** A piece of a pattern in JavaScript's notation. */
interface Atom {
  readonly text: string;
  /** How rarely it is found by chance; 0: it may match nothing. */
  readonly weight: number;
  /** In how many ways it can match at one place: what backtracking costs. */
  readonly ways: number;
  /** false: a repetition without an end is in it. */
  readonly bounded: boolean;
}

const WAYS_MAX = 200;
const REPEATS_MAX = 256;
const LITERAL_WEIGHT = 3;
/** RE2's blanks; JavaScript has more. */
const BLANKS = '\\t\\n\\f\\r ';
const ESCAPED = /[.*+?()[\]{}|^$\\/'"`;:,<>=!@#%&~_-]/;
const PLAIN = /[A-Za-z0-9 "#%&',/:;<=>@_`~!-]/;

interface Cursor {
  readonly source: string;
  at: number;
}

export function shapeOf(source: string): PatternShape {
  const ignoreCase = source.startsWith('(?i)');
  const cursor = { source, at: ignoreCase ? 4 : 0 };
  const flags = ignoreCase ? 'i' : '';
  const alternatives = readAlternatives(cursor);
  if (alternatives === null || cursor.at < source.length) return { whole: null, filter: null };
  const all = alternatives.flat();
  if (all.every(({ bounded }) => bounded) && waysOf(alternatives) <= WAYS_MAX) {
    return { whole: new RegExp(alternatives.map(textOf).join('|'), flags), filter: null };
  }
  const pieces = alternatives.map(bestPiece);
  if (pieces.some((piece) => weightOf(piece) === 0)) return { whole: null, filter: null };
  if (waysOf(pieces) > WAYS_MAX) return { whole: null, filter: null };
  return { whole: null, filter: new RegExp(pieces.map(textOf).join('|'), flags) };
}

const textOf = (atoms: readonly Atom[]): string => atoms.map(({ text }) => text).join('');
const weightOf = (atoms: readonly Atom[]): number =>
  atoms.reduce((sum, { weight }) => sum + weight, 0);
const waysOf = (alternatives: readonly (readonly Atom[])[]): number =>
  alternatives.reduce(
    (sum, atoms) => sum + atoms.reduce((product, { ways }) => product * ways, 1),
    0,
  );

/** The run of bounded atoms that is found by chance most rarely. */
function bestPiece(atoms: readonly Atom[]): readonly Atom[] {
  const pieces: Atom[][] = [[]];
  for (const atom of atoms) {
    if (atom.bounded) pieces.at(-1)?.push(atom);
    else pieces.push([]);
  }
  return pieces.reduce((best, piece) => (weightOf(piece) > weightOf(best) ? piece : best));
}

/** Null for what is not known to mean the same in both engines. */
function readAlternatives(cursor: Cursor): Atom[][] | null {
  const alternatives: Atom[][] = [[]];
  while (cursor.at < cursor.source.length && cursor.source.charAt(cursor.at) !== ')') {
    if (cursor.source.charAt(cursor.at) === '|') {
      cursor.at += 1;
      alternatives.push([]);
      continue;
    }
    const atom = readAtom(cursor);
    const repeated = atom === null ? null : readRepeat(cursor, atom);
    if (repeated === null) return null;
    alternatives.at(-1)?.push(repeated);
  }
  return alternatives;
}

function readAtom(cursor: Cursor): Atom | null {
  const char = cursor.source.charAt(cursor.at);
  cursor.at += 1;
  if (char === '(') return readGroup(cursor);
  if (char === '[') return readClass(cursor);
  if (char === '\\') return readEscape(cursor);
  if (char === '^' || char === '$') return atomOf(char, 0);
  if (char === '.') return atomOf('[^\\n]', 0);
  // A slash ends nothing in a RegExp made of text.
  return PLAIN.test(char) ? atomOf(char, LITERAL_WEIGHT) : null;
}

const atomOf = (text: string, weight: number): Atom => ({ text, weight, ways: 1, bounded: true });

function readGroup(cursor: Cursor): Atom | null {
  const { source } = cursor;
  if (source.startsWith('?:', cursor.at)) cursor.at += 2;
  else if (source.charAt(cursor.at) === '?') return null;
  const alternatives = readAlternatives(cursor);
  if (alternatives === null || source.charAt(cursor.at) !== ')') return null;
  cursor.at += 1;
  return {
    text: `(?:${alternatives.map(textOf).join('|')})`,
    weight: Math.min(...alternatives.map(weightOf)),
    ways: waysOf(alternatives),
    bounded: alternatives.flat().every(({ bounded }) => bounded),
  };
}

function readEscape(cursor: Cursor): Atom | null {
  const char = cursor.source.charAt(cursor.at);
  cursor.at += 1;
  if (char === 'd' || char === 'w') return atomOf(`\\${char}`, 1);
  if (char === 's') return atomOf(`[${BLANKS}]`, 1);
  if (char === 'b') return atomOf('\\b', 0);
  const code = readCode(cursor, char);
  return code === null ? null : atomOf(code, LITERAL_WEIGHT);
}

/** An escape that stands for one ASCII character, as JavaScript writes it. */
function readCode(cursor: Cursor, char: string): string | null {
  if (char === 'n' || char === 'r' || char === 't' || char === 'f') return `\\${char}`;
  if (char === 'x') {
    const digits = cursor.source.slice(cursor.at, cursor.at + 2);
    if (!/^[0-7][0-9a-fA-F]$/.test(digits)) return null;
    cursor.at += 2;
    return `\\x${digits}`;
  }
  return char.length === 1 && ESCAPED.test(char)
    ? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
    : null;
}

function readClass(cursor: Cursor): Atom | null {
  const { source } = cursor;
  let text = '[';
  if (source.charAt(cursor.at) === '^') {
    text += '^';
    cursor.at += 1;
  }
  const begin = cursor.at;
  while (cursor.at < source.length) {
    const char = source.charAt(cursor.at);
    cursor.at += 1;
    if (char === ']') return cursor.at - 1 === begin ? null : atomOf(`${text}]`, 1);
    const next =
      char === '\\' ? readClassEscape(cursor) : /[\x20-\x5a_-\x7e]/.test(char) ? char : null;
    if (next === null) return null;
    text += next;
  }
  return null;
}

function readClassEscape(cursor: Cursor): string | null {
  const char = cursor.source.charAt(cursor.at);
  cursor.at += 1;
  if (char === 'd' || char === 'w') return `\\${char}`;
  return char === 's' ? BLANKS : readCode(cursor, char);
}

/** They match between characters, where JavaScript repeats nothing. */
const PLACES = new Set(['^', '$', '\\b']);
const REPEAT = /(?:[*+?]|\{(\d{1,4})(,(\d{0,4}))?\})\??/y;

function readRepeat(cursor: Cursor, atom: Atom): Atom | null {
  REPEAT.lastIndex = cursor.at;
  const match = REPEAT.exec(cursor.source);
  if (match === null) return cursor.source.charAt(cursor.at) === '{' ? null : atom;
  if (PLACES.has(atom.text)) return null;
  cursor.at += match[0].length;
  if (/^[*+?{]/.test(cursor.source.slice(cursor.at))) return null;
  const [text, exact, range, last] = match;
  const text0 = text.charAt(0);
  const least = exact === undefined ? (text0 === '+' ? 1 : 0) : Number(exact);
  const most = mostOf(text0, least, range, last);
  const weight = least === 0 ? 0 : atom.weight * Math.min(least, 8);
  if (most === null || most > REPEATS_MAX) {
    return { text: `${atom.text}${text}`, weight, ways: 1, bounded: false };
  }
  const ways = (most - least + 1) * Math.min(atom.ways ** most, WAYS_MAX + 1);
  return { text: `${atom.text}${text}`, weight, ways, bounded: atom.bounded };
}

function mostOf(
  sign: string,
  least: number,
  range: string | undefined,
  last: string | undefined,
): number | null {
  if (sign === '?') return 1;
  if (sign !== '{') return null;
  if (range === undefined) return least;
  return last === undefined || last === '' ? null : Number(last);
}
