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
const LONGEST = Math.max(...NAMES.map((name) => name.length));

/** The spelled names by a hash of their letters, each in the next free slot from its own on. */
const SLOTS = new Uint8Array(256);
for (const [name, code] of CODES) {
  let slot = hashOf(name);
  while (SLOTS[slot] !== 0) slot = (slot + 1) & 255;
  SLOTS[slot] = code;
}
const LETTERS = new Uint8Array(256);
for (const [letter, name] of Object.entries(COMPACT_NAMES)) {
  LETTERS[letter.charCodeAt(0)] = headerCode(name);
  LETTERS[letter.toUpperCase().charCodeAt(0)] = headerCode(name);
}

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
  const stop = Math.min(end, start + LONGEST + 1);
  let at = start;
  let hash = 0;
  for (; at < stop; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === COLON || byte === SPACE || byte === TAB) break;
    hash = (Math.imul(hash, 31) + (byte | 0x20)) | 0;
  }
  const length = at - start;
  if (length === 0 || length > LONGEST) return 0;
  const code =
    length === 1
      ? (LETTERS[bytes[start] ?? 0] ?? 0)
      : spelledCode(bytes, start, length, hash & 255);
  if (code === 0) return 0;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at += 1;
  return at < end && bytes[at] === COLON ? code : 0;
}

function spelledCode(bytes: Buffer, start: number, length: number, hash: number): number {
  for (let slot = hash; ; slot = (slot + 1) & 255) {
    const code = SLOTS[slot] ?? 0;
    if (code === 0) return 0;
    const name = NAMES[code - 1] ?? '';
    if (name.length === length && isSpelled(bytes, start, name)) return code;
  }
}

function isSpelled(bytes: Buffer, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const byte = bytes[start + index] ?? 0;
    const lower = byte >= UPPER_A && byte <= UPPER_Z ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return true;
}

function hashOf(name: string): number {
  let hash = 0;
  for (let index = 0; index < name.length; index += 1) {
    hash = (Math.imul(hash, 31) + (name.charCodeAt(index) | 0x20)) | 0;
  }
  return hash & 255;
}
