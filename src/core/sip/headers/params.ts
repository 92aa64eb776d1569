import { LIMITS } from '../../common/limits.js';

const QUOTE = 34;
const COMMA = 44;
const SEMICOLON = 59;
const LESS = 60;
const EQUALS = 61;
const BACKSLASH = 92;

/**
 * Index of the first of two character codes outside quoted strings, at or after `from`;
 * `text.length` when neither is there. A quoted string that never ends reaches to the end.
 */
export function findOutsideQuotes(text: string, stop: number, or: number, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === stop || code === or) return at;
    if (code === QUOTE) {
      at = quoteEnd(text, at);
      if (at === -1) return text.length;
    }
  }
  return text.length;
}

/** Index of the quote that ends the string begun at `from`; -1 when it never ends. */
export function quoteEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return -1;
}

/** How many values of one message are still looked at: many lines cost no more than one long line. */
export interface ValueBudget {
  left: number;
  /** true: there was one more than are looked at. */
  exceeded: boolean;
}

/** The values of one header line, as many as the message's budget still allows. */
export function takeValues(line: string, budget: ValueBudget): readonly string[] {
  if (budget.left === 0) {
    budget.exceeded = true;
    return [];
  }
  const values = splitList(line, ',', Math.min(budget.left, LIMITS.sipListItemsMax));
  budget.left -= values.length;
  return values;
}

/** The parts between separators that stand outside quotes and angle brackets, trimmed; at most `max`. */
export function splitList(
  text: string,
  separator: ',' | ';',
  max: number = LIMITS.sipListItemsMax,
): string[] {
  const stop = separator === ',' ? COMMA : SEMICOLON;
  const parts: string[] = [];
  let begin = 0;
  let at = 0;
  for (;;) {
    at = findOutsideQuotes(text, stop, LESS, at);
    if (text.charCodeAt(at) === LESS) {
      const close = text.indexOf('>', at);
      at = close === -1 ? text.length : close + 1;
      continue;
    }
    parts.push(text.slice(begin, at).trim());
    if (at >= text.length || parts.length === max) return parts;
    at += 1;
    begin = at;
  }
}

/**
 * A parameter of `;name=value;name` text, from its first `;` on; quotes and blanks are left out.
 * '' for a parameter without a value, null when it is not there. `name` is in lower case.
 */
export function readParam(params: string, name: string): string | null {
  let at = findOutsideQuotes(params, SEMICOLON, SEMICOLON, 0);
  while (at < params.length) {
    const nameEnd = findOutsideQuotes(params, SEMICOLON, EQUALS, at + 1);
    const end =
      params.charCodeAt(nameEnd) === EQUALS
        ? findOutsideQuotes(params, SEMICOLON, SEMICOLON, nameEnd + 1)
        : nameEnd;
    if (isNamed(params, at + 1, nameEnd, name)) return unquote(params.slice(nameEnd + 1, end));
    at = end;
  }
  return null;
}

/** The text of a quoted string without quotes and backslashes; other text trimmed only. */
export function unquote(value: string): string {
  const text = value.trim();
  if (!text.startsWith('"')) return text;
  const end = text.length > 1 && text.endsWith('"') ? text.length - 1 : text.length;
  const inner = text.slice(1, end);
  return inner.includes('\\') ? inner.replace(/\\(.)/gs, '$1') : inner;
}

function isNamed(text: string, from: number, end: number, name: string): boolean {
  // Most parameters differ in length: these cost no slice.
  return end - from >= name.length && text.slice(from, end).trim().toLowerCase() === name;
}
