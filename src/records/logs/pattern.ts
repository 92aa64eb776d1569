import { LIMITS } from '../../core/common/limits.js';
import { FREE, SKIPPED, TYPE_OF, TYPES } from './fields.js';
import { writeExpression } from './expression.js';
import type { FreeText, Part, Piece } from './pattern-parts.js';

/**
 * What a line looks like: literal text with fields in braces, for the whole of a text:
 * `{source}` a typed field takes as much as it can; `{account}` free text ends where what follows it
 * in the pattern comes first; `{account<}` where that comes last; `{account!}` where it comes, and
 * it must not come twice, else the text could be read in two ways. `{|}` ends what is looked for behind
 * free text: the rest must follow where that was found. `{(}…{)}` is taken where it is there. A name
 * that comes again must have the same text again. `{{` is a brace.
 */
export interface Pattern {
  readonly source: string;
  /** The literal that it begins with, and the longest one that every such text has; '' where there is none. */
  readonly start: string;
  readonly key: string;
  /** False for a text that begins with another character than such texts do. */
  readonly mayBegin: (char: string) => boolean;
  /** Fits a whole text from its `lastIndex` on, or only its beginning. */
  readonly whole: RegExp;
  readonly head: RegExp;
  /** As `whole`, where `{account!}` may come more than once; null: there is none. */
  readonly loose: RegExp | null;
  /** The group of each name. */
  readonly groups: readonly (readonly [name: string, group: number])[];
}

export type Captures = Readonly<Record<string, string>>;

/** A fault of a pattern in words. */
export class PatternFault extends Error {}

/** Throws PatternFault. */
export function compilePattern(source: string): Pattern {
  if (source.length > LIMITS.grammarPatternCharsMax) throw new PatternFault('it is too long');
  const parts = parseParts(source);
  if (parts.length - 1 > LIMITS.grammarGapsMax)
    throw new PatternFault('it has too many free texts');
  checkGaps(parts);
  const [first] = parts[0]?.pieces ?? [];
  const whole = writeExpression(parts, { toEnd: true, strict: true });
  const isStrict = parts.some(({ gap }) => gap?.side === 'only');
  return {
    source,
    start: first?.kind === 'literal' ? first.text : '',
    key: keyOf(parts),
    mayBegin: (char) =>
      first === undefined || first.kind === 'optional' || firstOf(first).test(char),
    whole: new RegExp(whole.source, 'y'),
    head: new RegExp(writeExpression(parts, { toEnd: false, strict: true }).source, 'y'),
    loose: isStrict
      ? new RegExp(writeExpression(parts, { toEnd: true, strict: false }).source, 'y')
      : null,
    groups: whole.groups,
  };
}

function parseParts(source: string): readonly Part[] {
  const parts: { gap: FreeText | null; pieces: Piece[] }[] = [{ gap: null, pieces: [] }];
  const open: Piece[][] = [];
  const current = (): Piece[] => open.at(-1) ?? parts.at(-1)?.pieces ?? [];
  for (const word of source.split(/(\{\{|\{[^{}]*\})/)) {
    if (word === '') continue;
    if (word === '{(}') open.push([]);
    else if (word === '{)}') {
      const pieces = open.pop();
      if (pieces === undefined) throw new PatternFault('{)} without {(}');
      current().push({ kind: 'optional', pieces });
    } else if (!word.startsWith('{') || word === '{{') {
      addLiteral(current(), word === '{{' ? '{' : word);
    } else {
      const field = word === '{|}' ? HERE : readField(word.slice(1, -1));
      if ('kind' in field) current().push(field);
      else if (open.length > 0) throw new PatternFault(`${word} is free text, within {(} … {)}`);
      else parts.push({ gap: field, pieces: [] });
    }
  }
  if (open.length > 0) throw new PatternFault('{(} without {)}');
  return parts;
}

const HERE: FreeText = { name: null, side: 'here' };

function addLiteral(pieces: Piece[], text: string): void {
  const last = pieces.at(-1);
  if (last?.kind !== 'literal') pieces.push({ kind: 'literal', text });
  else pieces[pieces.length - 1] = { kind: 'literal', text: last.text + text };
}

function readField(word: string): FreeText | Extract<Piece, { kind: 'field' }> {
  const [, name = '', typeName, mark = ''] = /^([a-z_]+)(?::([a-z_]+))?([<!]?)$/.exec(word) ?? [];
  const wanted = typeName ?? (Object.hasOwn(TYPE_OF, name) ? TYPE_OF[name] : undefined);
  const type = wanted !== undefined && Object.hasOwn(TYPES, wanted) ? TYPES[wanted] : undefined;
  const isFree = wanted === undefined && FREE.some((free) => free === name);
  if (name === '' || (type === undefined && !isFree))
    throw new PatternFault(`{${word}} is no field`);
  if (type !== undefined && mark !== '') {
    throw new PatternFault(`{${word}}: '${mark}' is for free text`);
  }
  // What is only skipped may differ each time.
  const kept = typeName === undefined && SKIPPED.includes(name) ? null : name;
  if (type !== undefined) return { kind: 'field', name: kept, type };
  return { name: kept, side: mark === '<' ? 'last' : mark === '!' ? 'only' : 'first' };
}

/** What ends a free text must be literal text, or the end. */
function checkGaps(parts: readonly Part[]): void {
  for (const [index, { gap, pieces }] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const isHere = gap === null || gap.side === 'here';
    if (isHere || pieces[0]?.kind === 'literal' || (isLast && pieces.length === 0)) continue;
    throw new PatternFault('behind free text there must be literal text');
  }
}

const firstOf = (
  piece: Exclude<Piece, { kind: 'optional' }>,
): { test: (char: string) => boolean } =>
  piece.kind === 'field' ? piece.type.first : { test: (char) => piece.text.startsWith(char) };

function keyOf(parts: readonly Part[]): string {
  let key = '';
  for (const { pieces } of parts) {
    for (const piece of pieces) {
      if (piece.kind === 'literal' && piece.text.length > key.length) key = piece.text;
    }
  }
  return key;
}

/** False for a text that the pattern cannot fit; quick. */
export const mayMatch = ({ start, key }: Pattern, text: string, from: number): boolean =>
  start === '' ? text.includes(key, from) : text.startsWith(start, from);

/** The fields of a text from `from` on, where the pattern fits up to the end of it. */
export function matchWhole(
  pattern: Pattern,
  text: string,
  from: number,
): Captures | 'ambiguous' | null {
  const { whole, loose } = pattern;
  whole.lastIndex = from;
  const found = whole.exec(text);
  if (found !== null) return capturesOf(pattern, found);
  if (loose === null) return null;
  loose.lastIndex = from;
  return loose.test(text) ? 'ambiguous' : null;
}

/** What a text begins with, and where that ends; null where the pattern does not fit. */
export function matchHead({ head }: Pattern, text: string): RegExpExecArray | null {
  head.lastIndex = 0;
  return head.exec(text);
}

export function capturesOf({ groups }: Pattern, found: RegExpExecArray): Captures {
  const captures: Record<string, string> = {};
  for (const [name, group] of groups) {
    const text = found[group];
    if (text !== undefined) captures[name] = text;
  }
  return captures;
}
