/** One-letter names of RFC 3261 section 7.3.3 and of the extensions that registered one. */
export const COMPACT_NAMES: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

const LETTERS_BY_NAME = new Map(Object.entries(COMPACT_NAMES).map(([key, name]) => [name, key]));

/** The full lower-case name of a header name as sent. */
export function fullName(name: string): string {
  const lower = name.toLowerCase();
  return lower.length === 1 ? (COMPACT_NAMES[lower] ?? lower) : lower;
}

/** The character code of a header's compact form, -1 when it has none. */
export function compactCode(name: string): number {
  return LETTERS_BY_NAME.get(name)?.charCodeAt(0) ?? -1;
}

const COLON = 58;
const SPACE = 32;
const TAB = 9;

/**
 * Offset of the value when the header line at `start` has this name, in full or compact; else -1.
 * `name` is in lower case. Blanks may stand before the colon (RFC 4475 section 3.1.1.1).
 */
export function valueOffset(
  bytes: Buffer,
  start: number,
  end: number,
  name: string,
  letter: number,
): number {
  const first = lower(bytes[start] ?? 0);
  if (first === letter) {
    const after = colonAfter(bytes, start + 1, end);
    if (after !== -1) return after;
  }
  if (first !== name.charCodeAt(0) || end - start <= name.length) return -1;
  for (let index = 1; index < name.length; index += 1) {
    if (lower(bytes[start + index] ?? 0) !== name.charCodeAt(index)) return -1;
  }
  return colonAfter(bytes, start + name.length, end);
}

const TOKEN_BYTES = new Uint8Array(256);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~") {
  TOKEN_BYTES[char.charCodeAt(0)] = 1;
}

/**
 * Length of the name of the header line at `start`; -1 when it is no token or no colon follows
 * (RFC 3261 section 25.1, `token`).
 */
export function nameLength(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && TOKEN_BYTES[bytes[at] ?? 0] === 1) at += 1;
  return at > start && colonAfter(bytes, at, end) !== -1 ? at - start : -1;
}

function colonAfter(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at += 1;
  return at < end && bytes[at] === COLON ? at + 1 : -1;
}

function lower(code: number): number {
  return code >= 65 && code <= 90 ? code | 0x20 : code;
}
