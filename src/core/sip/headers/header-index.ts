import { COMPACT_NAMES } from './header-name.js';

/**
 * The headers that are asked for of nearly every message. Which line holds which of them is found
 * out in one pass over the header section; any other name is looked for when it is asked for.
 */
const NAMES = [
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'max-forwards',
  'content-length',
  'content-type',
  'contact',
  'user-agent',
  'authorization',
  'proxy-authorization',
  'require',
  'allow',
  'subject',
  'date',
  'expires',
  'min-expires',
  'retry-after',
] as const;

const CODES = new Map<string, number>(NAMES.map((name, index) => [name, index + 1]));

/** The code of an indexed header by its full lower-case name; 0 when it is none of them. */
export const headerCode = (name: string): number => CODES.get(name) ?? 0;

const COLON = 58;
const SPACE = 32;
const TAB = 9;
const UPPER_A = 65;
const UPPER_Z = 90;

/** The codes of the names that begin with a letter, by its character code. */
const BY_FIRST: readonly (readonly number[])[] = Array.from({ length: 256 }, (_, letter) =>
  NAMES.flatMap((name, index) => (name.charCodeAt(0) === (letter | 0x20) ? [index + 1] : [])),
);
const LENGTHS = Uint8Array.from(['', ...NAMES], (name) => name.length);
const LETTERS = new Uint8Array(256);
for (const [letter, name] of Object.entries(COMPACT_NAMES)) {
  LETTERS[letter.charCodeAt(0)] = headerCode(name);
  LETTERS[letter.toUpperCase().charCodeAt(0)] = headerCode(name);
}
const NONE: readonly number[] = [];

/** A code for each header line whose begin and end stand in `spans`, one after another. */
export function indexLines(bytes: Buffer, spans: readonly number[]): readonly number[] {
  const codes: number[] = [];
  for (let index = 0; index < spans.length; index += 2) {
    codes.push(codeAt(bytes, spans[index] ?? 0, spans[index + 1] ?? 0));
  }
  return codes;
}

/**
 * The code of the header line at `start`; 0 when it is no indexed one. Blanks may stand between the
 * name and the colon (RFC 4475 section 3.1.1.1), and the name may be compact.
 */
function codeAt(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] ?? 0;
  if (endsName(bytes, start + 1)) {
    const code = LETTERS[first] ?? 0;
    return code !== 0 && hasColon(bytes, start + 1, end) ? code : 0;
  }
  for (const code of BY_FIRST[first] ?? NONE) {
    const after = start + (LENGTHS[code] ?? 0);
    // Most names differ in length: these cost no comparison.
    if (after >= end || !endsName(bytes, after)) continue;
    if (isSpelled(bytes, start, NAMES[code - 1] ?? ''))
      return hasColon(bytes, after, end) ? code : 0;
  }
  return 0;
}

function endsName(bytes: Buffer, at: number): boolean {
  const byte = bytes[at];
  return byte === COLON || byte === SPACE || byte === TAB;
}

function hasColon(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at += 1;
  return at < end && bytes[at] === COLON;
}

function isSpelled(bytes: Buffer, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const byte = bytes[start + index] ?? 0;
    const lower = byte >= UPPER_A && byte <= UPPER_Z ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return true;
}
