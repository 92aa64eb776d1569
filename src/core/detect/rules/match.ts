import type { ASTNode } from '@marcbachmann/cel-js';
import { LIMITS } from '../../common/limits.js';
import { createReader, readerOf } from '../fields/event-view.js';
import { hexText } from '../fields/hex-text.js';
import { patternTest } from './pattern.js';
import { readCondition } from './read-condition.js';
import type { Certain } from './read-condition.js';
import type { BoolTerm, Term, TextTerm } from './term.js';

/** The rule's condition holds, or it has none. */
export const HOLDS = 1;
/** Its `forget_when` holds. */
export const FORGETS = 2;
/** Both must be run by the interpreter instead, and can fail there. */
export const ASK = 4;

/** A hit is the place of a rule in its list, shifted by so much, and a sum of the above. */
export const HIT_SHIFT = 3;

/**
 * Writes the hits of the event looked at, in the order of the list, from `first` on; returns where
 * they end.
 */
export type Matcher = (hits: Int32Array, first: number) => number;

/** The type-checked conditions of a rule. */
export interface Conditions {
  readonly when: ASTNode | null;
  readonly forgetWhen: ASTNode | null;
}

/**
 * The conditions of a list of rules as one function, which reads each field at most once an event
 * and tries what several rules ask for once. The function is made of source text: of variables that
 * are numbered here, of operators of a fixed list, and of the literals of conditions as JSON writes
 * them. Nothing else of a rule gets into the text; fields, headers and patterns are values that the
 * text knows by number.
 */
export function compileMatcher(rules: readonly Conditions[], certain: Certain): Matcher {
  const parts: Matcher[] = [];
  let first = 0;
  while (first < rules.length) {
    const end = endOfPart(rules, first);
    parts.push(compilePart(rules.slice(first, end), first, certain));
    first = end;
  }
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return (hits, start) => parts.reduce((end, part) => part(hits, end), start);
}

/** One function takes so many conditions that V8 still optimises it. */
function endOfPart(rules: readonly Conditions[], first: number): number {
  let chars = 0;
  for (let end = first; end < rules.length; end += 1) {
    const { when, forgetWhen } = rules[end] ?? { when: null, forgetWhen: null };
    chars += (when?.end ?? 0) + (forgetWhen?.end ?? 0);
    if (chars > LIMITS.matcherCharsMax && end > first) return end;
  }
  return rules.length;
}

interface Source {
  /** What the text knows by number: readers, tests of patterns, and hexText. */
  readonly given: ((text: string) => unknown)[];
  readonly givenNumbers: Map<string, number>;
  /** How often each term is asked for. */
  readonly uses: Map<string, number>;
  /** The variables of the text by the keys of their terms. */
  readonly variables: Map<string, number>;
}

function compilePart(rules: readonly Conditions[], offset: number, certain: Certain): Matcher {
  const source = { given: [], givenNumbers: new Map(), uses: new Map(), variables: new Map() };
  const terms = rules.map(({ when, forgetWhen }) => ({
    holds: when === null ? null : readCondition(when, certain),
    forgets: forgetWhen === null ? null : readCondition(forgetWhen, certain),
    ask: false,
  }));
  terms.forEach(({ holds, forgets }) => {
    if (holds !== null) countUses(holds, source);
    if (forgets !== null) countUses(forgets, source);
  });
  const assigned = new Set<string>();
  const lines = terms.map(({ holds, forgets }, index) => {
    const { when, forgetWhen } = rules[index] ?? { when: null, forgetWhen: null };
    const asks = (when !== null && holds === null) || (forgetWhen !== null && forgets === null);
    return hitText(asks ? 'ask' : holds, forgets, offset + index, source, assigned);
  });
  return build(source, lines);
}

/** The statement that writes a rule's hit. */
function hitText(
  holds: BoolTerm | null | 'ask',
  forgets: BoolTerm | null,
  place: number,
  source: Source,
  assigned: Set<string>,
): string {
  const first = place << HIT_SHIFT;
  if (holds === 'ask') return `out[n++] = ${first | ASK};`;
  const held = holds === null ? null : write(holds, source, assigned);
  if (forgets === null) {
    return `${held === null ? '' : `if (${held}) `}out[n++] = ${first | HOLDS};`;
  }
  const bits = held === null ? String(HOLDS) : `(${held} ? ${HOLDS} : 0)`;
  const forget = `(${write(forgets, source, assigned)} ? ${FORGETS} : 0)`;
  return `if ((b = ${bits} | ${forget}) !== 0) out[n++] = ${first} | b;`;
}

function build({ given, variables }: Source, lines: readonly string[]): Matcher {
  const names = Array.from(given, (_, index) => `g${index}`);
  const locals = Array.from({ length: variables.size }, (_, index) => `v${index}`);
  const text = [
    '"use strict";',
    names.length === 0 ? '' : `const [${names.join(', ')}] = given;`,
    'return (out, n) => {',
    `let ${['b', ...locals].join(', ')};`,
    ...lines,
    'return n;',
    '};',
  ].join('\n');
  // The text is ours: see compileMatcher().
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const make = new Function('given', text) as (given: Source['given']) => Matcher;
  return make(given);
}

function countUses(term: Term, source: Source): void {
  const uses = (source.uses.get(term.key) ?? 0) + 1;
  source.uses.set(term.key, uses);
  // What is inside is asked for once, however often the whole is.
  if (uses === 1) for (const inner of partsOf(term)) countUses(inner, source);
}

function partsOf(term: Term): readonly Term[] {
  switch (term.op) {
    case 'not':
    case 'hex':
    case 'size':
      return [term.of];
    case '&&':
    case '||':
      return term.parts;
    case 'compare':
      return [term.left, term.right];
    case 'search':
      return [term.on, term.what];
    case 'regex':
      return [term.on];
    case 'member':
      return [term.item, term.list];
    case 'join':
      return [term.first, term.second];
    default:
      return [];
  }
}

/**
 * The text of a term. `assigned` are the terms whose variables certainly have a value where the
 * text is run; those of the term itself are added.
 */
function write(term: Term, source: Source, assigned: Set<string>): string {
  if (!isKept(term, source)) return writeNew(term, source, assigned);
  const known = source.variables.get(term.key);
  const variable = `v${known ?? source.variables.size}`;
  if (assigned.has(term.key)) return variable;
  if (known === undefined) source.variables.set(term.key, source.variables.size);
  // Where it may have a value already, what is inside is perhaps not run.
  const inside = known === undefined ? assigned : new Set(assigned);
  const value = writeNew(term, source, inside);
  assigned.add(term.key);
  if (known === undefined) return `(${variable} = ${value})`;
  return `(${variable} !== undefined ? ${variable} : (${variable} = ${value}))`;
}

/** What is kept in a variable: what is dear and asked for again. */
function isKept(term: Term, { uses }: Source): boolean {
  return term.op !== 'known' && (uses.get(term.key) ?? 0) > 1;
}

function writeNew(term: Term, source: Source, assigned: Set<string>): string {
  switch (term.op) {
    case 'known':
      return `(${JSON.stringify(term.value)})`;
    case 'field':
      return `g${numberOf(source, term.key, () => readerOf(term.field))}()`;
    case 'header':
      return `g${numberOf(source, term.key, () => headerReader(term.name))}()`;
    case 'hex':
      return `g${numberOf(source, 'hex_text', () => hexText)}(${write(term.of, source, assigned)})`;
    case 'regex': {
      // Tools tell their own name, the same each time.
      const recurs = term.on.op === 'field' && term.on.field.name === 'user_agent';
      const key = `${recurs ? 'recurs ' : ''}${JSON.stringify(term.pattern)}`;
      const test = numberOf(source, key, () => patternTest(term.pattern, recurs));
      return `g${test}(${write(term.on, source, assigned)})`;
    }
    case 'size':
      return `${write(term.of, source, assigned)}.length`;
    case 'join':
      return `(${write(term.first, source, assigned)} + ${write(term.second, source, assigned)})`;
    case 'not':
      return `!${write(term.of, source, assigned)}`;
    case '&&':
    case '||':
      return writeJunction(term.op, term.parts, source, assigned);
    case 'compare': {
      const left = write(term.left, source, assigned);
      return `(${left} ${term.sign} ${write(term.right, source, assigned)})`;
    }
    case 'search':
      return writeSearch(term.how, term.on, term.what, source, assigned);
    case 'member': {
      const list = write(term.list, source, assigned);
      return `${list}.includes(${write(term.item, source, assigned)})`;
    }
  }
}

/** Only the first operand is certainly run; each sees the variables of those before it. */
function writeJunction(
  op: '&&' | '||',
  [first, ...others]: readonly BoolTerm[],
  source: Source,
  assigned: Set<string>,
): string {
  const written = first === undefined ? [] : [write(first, source, assigned)];
  const inside = new Set(assigned);
  for (const part of others) written.push(write(part, source, inside));
  return `(${written.join(` ${op} `)})`;
}

function writeSearch(
  how: string,
  on: TextTerm,
  what: TextTerm,
  source: Source,
  assigned: Set<string>,
): string {
  const text = write(on, source, assigned);
  return `${text}.${how}(${write(what, source, assigned)})`;
}

function numberOf(source: Source, key: string, make: () => (text: string) => unknown): number {
  const known = source.givenNumbers.get(key);
  if (known !== undefined) return known;
  const number = source.given.push(make()) - 1;
  source.givenNumbers.set(key, number);
  return number;
}

const headerReader = (name: string): (() => string) =>
  createReader({ read: ({ message }) => message.header(name) ?? '' });
