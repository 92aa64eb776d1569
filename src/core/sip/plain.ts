/**
 * The everyday forms of addresses and Vias, read in one pass. What is not in such a form is read
 * and checked closely elsewhere; nearly all values are, those of most attacks too. A plain value has
 * nothing odd, and its parts are what the close reading would give. Nothing here backtracks.
 */
export interface PlainParts {
  /** Where the user part is; `userBegin` -1: there is none. */
  userBegin: number;
  userEnd: number;
  /** Where the host is, without the brackets of an IPv6 literal. */
  hostBegin: number;
  hostEnd: number;
  /** true: the host has a letter in upper case. */
  hostUpper: boolean;
  /** Where the value of `tag` (of a Via: `branch`) is; `paramBegin` -1: there is none. */
  paramBegin: number;
  paramEnd: number;
}

/** Of the value scanned last; everything is synchronous, so that one is enough. */
export const plainParts: PlainParts = {
  userBegin: -1,
  userEnd: -1,
  hostBegin: 0,
  hostEnd: 0,
  hostUpper: false,
  paramBegin: -1,
  paramEnd: -1,
};

const WORD = 1;
const USER = 2;
const HOST = 4;
const NAME = 8;
const VALUE = 16;
const VIA_VALUE = 32;
const LITERAL = 64;
const UPPER = 128;
const CLASSES = new Uint8Array(256);
const UPPERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LETTERS = UPPERS.toLowerCase() + UPPERS;
const WORDS = `${LETTERS}0123456789_`;
for (const [bit, chars] of [
  [WORD, WORDS],
  [USER, `${WORDS}.+*%~!'()&=$/-`],
  [HOST, `${WORDS}.-`],
  [NAME, `${WORDS}.+-`],
  [VALUE, `${WORDS}.+%~!*-`],
  [VIA_VALUE, `${WORDS}.:~%*+!-`],
  [LITERAL, '0123456789abcdefABCDEF:.'],
  [UPPER, UPPERS],
] as const) {
  for (const char of chars) CLASSES[char.charCodeAt(0)] = (CLASSES[char.charCodeAt(0)] ?? 0) | bit;
}

const SPACE = 32;
const QUOTE = 34;
const COLON = 58;
const SEMICOLON = 59;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const AT = 64;
const OPEN = 91;
const BACKSLASH = 92;
const CLOSE = 93;
/** A number of so many digits may be beyond 32 bits. */
const LONG_DIGITS = 10;
const MAGIC_COOKIE_CHARS = 7;

/** A From, To or Contact: `"name" <sip:user@host:port;a=b>;c=d`, `sip:user@host;c=d` and between. */
export function isPlainAddress(text: string): boolean {
  const length = text.length;
  let at = skipDisplay(text);
  if (text.charCodeAt(at) !== LESS) return endsAfter(text, scanUri(text, 0), 'tag');
  at = scanParams(text, scanUri(text, at + 1), VALUE, 'tag');
  if (at === -1 || text.charCodeAt(at) !== GREATER) return false;
  return at + 1 === length ? noParam() : endsAfter(text, at + 1, 'tag');
}

/** A Request-URI: `sip:user@host:port;a=b`. */
export const isPlainUri = (text: string): boolean => endsAfter(text, scanUri(text, 0), 'tag');

const PROTOCOL = 'SIP/2.0/';

/** A Via with one value: `SIP/2.0/UDP host:port;branch=z9hG4bKabc;rport`, and a parameter at least. */
export function isPlainVia(text: string): boolean {
  if (!text.startsWith(PROTOCOL)) return false;
  let at = PROTOCOL.length;
  while (isIn(text, at, UPPER)) at += 1;
  const transport = at - PROTOCOL.length;
  if (transport < 2 || transport > 8 || text.charCodeAt(at) !== SPACE) return false;
  at = scanHostPort(text, at + 1);
  if (at === -1 || text.charCodeAt(at) !== SEMICOLON) return false;
  if (scanParams(text, at, VIA_VALUE, 'branch') !== text.length) return false;
  // It may be the magic cookie and nothing more, which is odd.
  return plainParts.paramEnd - plainParts.paramBegin !== MAGIC_COOKIE_CHARS;
}

const isIn = (text: string, at: number, bit: number): boolean =>
  at < text.length && ((CLASSES[text.charCodeAt(at)] ?? 0) & bit) !== 0;

function noParam(): boolean {
  plainParts.paramBegin = -1;
  return true;
}

const endsAfter = (text: string, at: number, wanted: string): boolean =>
  scanParams(text, at, VALUE, wanted) === text.length;

/** Where the display name ends. */
function skipDisplay(text: string): number {
  let at = 0;
  if (text.charCodeAt(0) !== QUOTE) {
    while (isIn(text, at, WORD) || text.charCodeAt(at) === SPACE) at += 1;
    return at;
  }
  for (at = 1; at < text.length && text.charCodeAt(at) !== QUOTE; at += 1) {
    if (text.charCodeAt(at) === BACKSLASH) return 0;
  }
  return text.charCodeAt(at + 1) === SPACE ? at + 2 : at + 1;
}

/** Scans `sip:user@host:port`; where it ends, or -1. */
function scanUri(text: string, from: number): number {
  if (!text.startsWith('sip', from)) return -1;
  const begin = text.charCodeAt(from + 3) === COLON ? from + 4 : from + 5;
  if (begin === from + 5 && !text.startsWith('s:', from + 3)) return -1;
  let at = begin;
  while (isIn(text, at, USER)) at += 1;
  const named = at > begin && text.charCodeAt(at) === AT;
  plainParts.userBegin = named ? begin : -1;
  plainParts.userEnd = at;
  return scanHostPort(text, named ? at + 1 : begin);
}

function scanHostPort(text: string, from: number): number {
  const literal = text.charCodeAt(from) === OPEN;
  const begin = literal ? from + 1 : from;
  const bit = literal ? LITERAL : HOST;
  let at = begin;
  let seen = 0;
  for (; at < text.length; at += 1) {
    const bits = CLASSES[text.charCodeAt(at)] ?? 0;
    if ((bits & bit) === 0) break;
    seen |= bits;
  }
  if (at === begin) return -1;
  plainParts.hostBegin = begin;
  plainParts.hostEnd = at;
  plainParts.hostUpper = (seen & UPPER) !== 0;
  if (literal) {
    if (text.charCodeAt(at) !== CLOSE) return -1;
    at += 1;
  }
  return text.charCodeAt(at) === COLON ? scanPort(text, at + 1) : at;
}

/** One to five digits, up to 59999. */
function scanPort(text: string, from: number): number {
  let at = from;
  while (at - from < 6 && isDigit(text.charCodeAt(at))) at += 1;
  const digits = at - from;
  if (digits === 0 || digits > 5) return -1;
  const first = text.charCodeAt(from);
  return digits === 5 && (first < 49 || first > 53) ? -1 : at;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/**
 * Scans `;name=value;name` as far as it goes, where the first parameter named `wanted` is
 * remembered. -1 for a name or value of other characters, or an `expires` that may be too long.
 */
function scanParams(text: string, from: number, valueBit: number, wanted: string): number {
  plainParts.paramBegin = -1;
  plainParts.paramEnd = -1;
  if (from === -1) return -1;
  let at = from;
  while (text.charCodeAt(at) === SEMICOLON) {
    const begin = at + 1;
    at = begin;
    while (isIn(text, at, NAME)) at += 1;
    const end = at;
    if (end === begin) return -1;
    if (text.charCodeAt(at) === EQUALS) {
      at += 1;
      while (isIn(text, at, valueBit)) at += 1;
      if (at === end + 1) return -1;
    }
    const valueBegin = Math.min(end + 1, at);
    if (at - valueBegin >= LONG_DIGITS && isNamed(text, begin, end, 'expires')) return -1;
    if (plainParts.paramBegin === -1 && isNamed(text, begin, end, wanted)) {
      plainParts.paramBegin = valueBegin;
      plainParts.paramEnd = at;
    }
  }
  return at;
}

/** `name` is in lower case, and made of letters. */
function isNamed(text: string, begin: number, end: number, name: string): boolean {
  if (end - begin !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    if ((text.charCodeAt(begin + index) | 0x20) !== name.charCodeAt(index)) return false;
  }
  return true;
}
