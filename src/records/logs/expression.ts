import type { Part, Piece } from './pattern-parts.js';

export interface Expression {
  readonly source: string;
  readonly groups: readonly (readonly [name: string, group: number])[];
}

/** `strict`: what ends `{account!}` must not come a second time. `toEnd`: the whole text fits. */
export interface ExpressionNeeds {
  readonly toEnd: boolean;
  readonly strict: boolean;
}

/**
 * A pattern as a regular expression that never goes back: JavaScript's lookahead is atomic, so that
 * `(?=(x))\1` takes what x takes first, and nothing else if the rest fails. Each free text is one look
 * through the text, and each field is bounded: the time is linear in the length of the text.
 */
export function writeExpression(
  parts: readonly Part[],
  { toEnd, strict }: ExpressionNeeds,
): Expression {
  const groups: [string, number][] = [];
  let count = 0;

  /** Without names the same text may be written again. */
  const write = (pieces: readonly Piece[], named: boolean): string =>
    pieces.map((piece, index) => writePiece(piece, pieces[index + 1], named)).join('');

  const writePiece = (piece: Piece, next: Piece | undefined, named: boolean): string => {
    if (piece.kind === 'literal') return escape(piece.text);
    if (piece.kind === 'optional') return atomic(() => `(?:${write(piece.pieces, named)})?`);
    const { name, type } = piece;
    if (named && name !== null) {
      const known = groups.find(([other]) => other === name);
      if (known !== undefined) return `\\${known[1]}(?![0-9A-Za-z])`;
    }
    if (!isAlone(type.unit, next))
      return named ? keep(name, type.source, true) : atomicOf(type.source);
    return named ? keep(name, type.source, false) : type.source;
  };

  const atomic = (body: () => string): string => {
    count += 1;
    const group = count;
    return `(?=(${body()}))\\${group}(?:)`;
  };
  const atomicOf = (source: string): string => atomic(() => source);

  const keep = (name: string | null, source: string, isAtomic: boolean): string => {
    if (name === null) return isAtomic ? atomicOf(source) : source;
    count += 1;
    groups.push([name, count]);
    return isAtomic ? `(?=(${source}))\\${count}(?:)` : `(${source})`;
  };

  const writeGap = ({ gap, pieces }: Part, isLast: boolean): string => {
    const end = isLast && toEnd ? '$' : '';
    if (gap === null || gap.side === 'here') return write(pieces, true) + end;
    if (pieces.length === 0) return keep(gap.name, '[^]*', false);
    const any = gap.side === 'last' ? '[^]*' : '[^]*?';
    count += 1;
    const group = count;
    if (gap.name !== null) groups.push([gap.name, group]);
    // Up to the end there is nothing to go on with: what the lookahead found is the answer.
    if (end !== '' && gap.side !== 'only') return `(?=(${any})${write(pieces, true)}$)`;
    // Groups are numbered in the order in which they are written.
    const found = `(?=(${any})${write(pieces, false)}${end})\\${group}(?:)`;
    const twice = gap.side === 'only' && strict ? `(?![^][^]*?${write(pieces, false)}${end})` : '';
    return `${found}${twice}${write(pieces, true)}${end}`;
  };

  const source = parts.map((part, index) => writeGap(part, index === parts.length - 1)).join('');
  return { source, groups };
}

/** True where the piece behind a run cannot begin within it, so that taking less of it never helps. */
function isAlone(unit: RegExp | null, next: Piece | undefined): boolean {
  if (unit === null || next?.kind !== 'literal') return false;
  return !unit.test(next.text.charAt(0));
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
