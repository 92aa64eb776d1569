import { headerCode, indexLines } from './headers/header-index.js';
import { compactCode, valueOffset } from './headers/header-name.js';
import type { Head } from './scan.js';

/** The header lines of a message, and what was read of them already. */
export interface Lines {
  readonly bytes: Buffer;
  readonly head: Head;
  /** A code for each header line (header-index.ts); undefined: not asked for yet. */
  codes: readonly number[] | undefined;
  /** The values of indexed lines that were asked for. */
  readonly values: (string | undefined)[];
}

const COLON = 58;

/** The code of each header line, in order. */
export const codesOf = (lines: Lines): readonly number[] =>
  (lines.codes ??= indexLines(lines.bytes, lines.head.spans));

/** The value of the first line with this code; null when there is none. */
export function firstValue(lines: Lines, code: number): string | null {
  const line = codesOf(lines).indexOf(code);
  return line === -1 ? null : valueOf(lines, line);
}

/** The value of an indexed line. No name holds a colon, so that the first one ends it. */
export function valueOf({ bytes, head, values }: Lines, line: number): string {
  const known = values[line];
  if (known !== undefined) return known;
  let at = head.spans[line * 2] ?? 0;
  while (bytes[at] !== COLON) at += 1;
  const value = unfold(bytes, at + 1, head.spans[line * 2 + 1] ?? 0);
  values[line] = value;
  return value;
}

/** All values of a header by its full lower-case name, in order. */
export function allValues(lines: Lines, name: string): readonly string[] {
  const all: string[] = [];
  const code = headerCode(name);
  if (code === 0) searchLines(lines, name, all);
  else {
    const codes = codesOf(lines);
    for (let line = codes.indexOf(code); line !== -1; line = codes.indexOf(code, line + 1)) {
      all.push(valueOf(lines, line));
    }
  }
  return all;
}

/** Looks for a header that is not indexed: its first value, or, into `all`, every one of them. */
export function searchLines(
  { bytes, head }: Lines,
  name: string,
  all: string[] | null,
): string | null {
  const { spans } = head;
  const letter = compactCode(name);
  for (let index = 0; index < spans.length; index += 2) {
    const end = spans[index + 1] ?? 0;
    const offset = valueOffset(bytes, spans[index] ?? 0, end, name, letter);
    if (offset === -1) continue;
    const value = unfold(bytes, offset, end);
    if (all === null) return value;
    all.push(value);
  }
  return null;
}

/**
 * The number that the value of an indexed line is, without making text of it; -1 when it is
 * anything but one to nine digits.
 */
export function numberAt({ bytes, head }: Lines, line: number): number {
  let at = head.spans[line * 2] ?? 0;
  let end = head.spans[line * 2 + 1] ?? 0;
  while (bytes[at] !== COLON) at += 1;
  at += 1;
  while (at < end && isBlank(bytes[at])) at += 1;
  while (end > at && isBlank(bytes[end - 1])) end -= 1;
  if (end === at || end - at > 9) return -1;
  let number = 0;
  for (; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/** The value trimmed, each fold with its blanks made one blank (RFC 3261 section 7.3.1). */
function unfold(bytes: Buffer, from: number, to: number): string {
  let begin = from;
  let end = to;
  while (begin < end && isBlank(bytes[begin])) begin += 1;
  while (end > begin && isBlank(bytes[end - 1])) end -= 1;
  const text = bytes.toString('latin1', begin, end);
  return text.includes('\n') ? text.replace(/\r?\n[ \t]+/g, ' ') : text;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === 13 || byte === 10;
}
