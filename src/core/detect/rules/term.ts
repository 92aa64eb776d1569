import { hexText } from '../fields/hex-text.js';
import { findPattern } from './pattern.js';
import type { Field } from '../fields/fields.js';

/** What a type-checked condition is made of, as far as it cannot fail at run time. */
export type Term = BoolTerm | TextTerm | IntTerm | ListTerm;
export type BoolTerm = Known<'bool', boolean> | Part<'bool', Field1 | Boolean1>;
export type TextTerm = Known<'text', string> | Part<'text', Field1 | Text1>;
export type IntTerm = Known<'int', number> | Part<'int', Field1 | Int1>;
export type ListTerm = Part<'list', Field1>;

export type Sign = '===' | '!==' | '<' | '<=' | '>' | '>=';
export type Search = 'startsWith' | 'endsWith' | 'includes';

interface Common<T> {
  readonly type: T;
  /** Equal for terms that mean the same. */
  readonly key: string;
  /** How dear it is to find out, roughly in nanoseconds. */
  readonly cost: number;
}
interface Known<T, V> extends Common<T> {
  readonly op: 'known';
  readonly value: V;
}
type Part<T, P> = Common<T> & P;
interface Field1 {
  readonly op: 'field';
  readonly field: Field;
}
type Boolean1 =
  | { readonly op: 'not'; readonly of: BoolTerm }
  | { readonly op: '&&' | '||'; readonly parts: readonly BoolTerm[] }
  | { readonly op: 'compare'; readonly sign: Sign; readonly left: Term; readonly right: Term }
  | { readonly op: 'search'; readonly how: Search; readonly on: TextTerm; readonly what: TextTerm }
  | { readonly op: 'regex'; readonly on: TextTerm; readonly pattern: string }
  | { readonly op: 'member'; readonly item: TextTerm; readonly list: ListTerm };
type Text1 =
  | { readonly op: 'join'; readonly first: TextTerm; readonly second: TextTerm }
  | { readonly op: 'header'; readonly name: string }
  | { readonly op: 'hex'; readonly of: TextTerm };
interface Int1 {
  readonly op: 'size';
  readonly of: TextTerm;
}

export const knownText = (value: string): TextTerm => known('text', value);
export const knownBool = (value: boolean): BoolTerm => known('bool', value);
export const knownInt = (value: number): IntTerm => known('int', value);

function known<T, V>(type: T, value: V): Known<T, V> {
  return { op: 'known', type, value, key: JSON.stringify(value), cost: 0 };
}

/** Fields that are dearer to read than to cut a text out of a header. */
const COSTS: Readonly<Record<string, number>> = {
  kind: 1,
  method: 1,
  proven: 1,
  size: 1,
  transport: 1,
  contact_host: 60,
  called_number: 60,
  number_kind: 80,
  odd_users: 90,
  anomaly_names: 200,
  longest_header: 300,
  body: 500,
};
const FIELD_COST = 20;
const REGEX_COST = 100;

export function fieldTerm(field: Field): Term {
  const common = {
    op: 'field',
    field,
    key: field.name,
    cost: COSTS[field.name] ?? FIELD_COST,
  } as const;
  switch (field.type) {
    case 'string':
      return { ...common, type: 'text' };
    case 'int':
      return { ...common, type: 'int' };
    case 'bool':
      return { ...common, type: 'bool' };
    case 'list<string>':
      return { ...common, type: 'list' };
  }
}

export const header = (name: string): TextTerm => ({
  op: 'header',
  type: 'text',
  name,
  key: `header(${JSON.stringify(name)})`,
  cost: 2 * FIELD_COST,
});

export function join(first: TextTerm, second: TextTerm): TextTerm {
  if (first.op === 'known' && second.op === 'known') return knownText(first.value + second.value);
  const cost = first.cost + second.cost + FIELD_COST;
  return { op: 'join', type: 'text', first, second, key: `(${first.key}+${second.key})`, cost };
}

export function hex(of: TextTerm): TextTerm {
  if (of.op === 'known') return knownText(hexText(of.value));
  return { op: 'hex', type: 'text', of, key: `hex(${of.key})`, cost: of.cost + FIELD_COST };
}

/** CEL counts code points; packet text is latin-1, where each is one unit. Null: it may differ. */
export function size(of: TextTerm): IntTerm | null {
  if (of.op === 'known') return knownInt(Array.from(of.value).length);
  if (!isOneUnitEach(of)) return null;
  return { op: 'size', type: 'int', of, key: `size(${of.key})`, cost: of.cost + 1 };
}

function isOneUnitEach(text: TextTerm): boolean {
  if (text.op === 'known') return !/[\ud800-\udfff]/.test(text.value);
  return text.op !== 'join' || (isOneUnitEach(text.first) && isOneUnitEach(text.second));
}

export function not(of: BoolTerm): BoolTerm {
  if (of.op === 'known') return knownBool(!of.value);
  if (of.op === 'not') return of.of;
  return { op: 'not', type: 'bool', of, key: `!${of.key}`, cost: of.cost };
}

/** The cheap parts first: none can fail, so that their order means nothing. */
export function junction(op: '&&' | '||', given: readonly BoolTerm[]): BoolTerm {
  const decides = op === '||';
  const parts = new Map<string, BoolTerm>();
  for (const part of given.flatMap((each) => (each.op === op ? each.parts : [each]))) {
    if (part.op !== 'known') parts.set(part.key, part);
    else if (part.value === decides) return knownBool(decides);
  }
  const sorted = [...parts.values()].sort((a, b) => a.cost - b.cost);
  const only = sorted[0];
  if (only === undefined) return knownBool(!decides);
  if (sorted.length === 1) return only;
  const key = `(${sorted.map((part) => part.key).join(op)})`;
  const cost = sorted.reduce((sum, part) => sum + part.cost, 0);
  return { op, type: 'bool', parts: sorted, key, cost };
}

export function compare(sign: Sign, left: Term, right: Term): BoolTerm {
  if (left.op === 'known' && right.op === 'known') {
    return knownBool(compareValues(sign, left.value, right.value));
  }
  const key = `(${left.key}${sign}${right.key})`;
  return { op: 'compare', type: 'bool', sign, left, right, key, cost: left.cost + right.cost + 2 };
}

function compareValues<V>(sign: Sign, left: V, right: V): boolean {
  switch (sign) {
    case '===':
      return left === right;
    case '!==':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

export function search(how: Search, on: TextTerm, what: TextTerm): BoolTerm {
  if (on.op === 'known' && what.op === 'known') return knownBool(on.value[how](what.value));
  const key = `${how}(${on.key},${what.key})`;
  return { op: 'search', type: 'bool', how, on, what, key, cost: on.cost + what.cost + 10 };
}

/** Null for text of a literal that the fast engine may see with other eyes than RE2. */
export function regex(on: TextTerm, pattern: string): BoolTerm | null {
  if (on.op === 'known') return knownBool(findPattern(on.value, pattern));
  if (!isLatin(on)) return null;
  const key = `regex(${on.key},${JSON.stringify(pattern)})`;
  return { op: 'regex', type: 'bool', on, pattern, key, cost: on.cost + REGEX_COST };
}

function isLatin(text: TextTerm): boolean {
  if (text.op === 'known') return !/[^\0-\xff]/.test(text.value);
  return text.op !== 'join' || (isLatin(text.first) && isLatin(text.second));
}

export const member = (item: TextTerm, list: ListTerm): BoolTerm => ({
  op: 'member',
  type: 'bool',
  item,
  list,
  key: `in(${item.key},${list.key})`,
  cost: item.cost + list.cost + 20,
});
