import { headerCode } from './headers/header-index.js';
import { nameLength } from './headers/header-name.js';
import { codesOf, numberAt, valueOf } from './lines.js';
import type { Lines } from './lines.js';
import { isPlainAddress, isPlainVia } from './plain.js';

const VIA = headerCode('via');
const CONTACT = headerCode('contact');
const MAX_FORWARDS = headerCode('max-forwards');
const CONTENT_LENGTH = headerCode('content-length');

const bitsOf = (...names: string[]): number =>
  names.reduce((bits, name) => bits | (1 << headerCode(name)), 0);
const SINGLE = bitsOf(
  'from',
  'to',
  'call-id',
  'cseq',
  'max-forwards',
  'content-length',
  'content-type',
);
const REQUIRED = bitsOf('via', 'from', 'to', 'call-id', 'cseq');
const READ = bitsOf('via', 'from', 'to', 'cseq');
const DURATION = bitsOf('expires', 'min-expires', 'retry-after');
const DATE = headerCode('date');
/** 2^32 has ten digits. */
const DURATION_CHARS_MAX = 9;

/**
 * True for a header section in which nothing is odd, as nearly always: then nothing need be looked
 * at closely. False says nothing. CSeq, From, To and the first Via are read by the caller.
 */
export function isOrdinary(lines: Lines): boolean {
  const { head } = lines;
  if (head.overflow || !head.complete) return false;
  const codes = codesOf(lines);
  let seen = 0;
  for (let line = 0; line < codes.length; line += 1) {
    const code = codes[line] ?? 0;
    if (code === 0) {
      if (!hasName(lines, line)) return false;
      continue;
    }
    const bit = 1 << code;
    if ((seen & bit & SINGLE) !== 0) return false;
    const isRead = (seen & bit) === 0 && (bit & READ) !== 0;
    if (!isRead && !isOrdinaryValue(lines, line, code, bit)) return false;
    seen |= bit;
  }
  return (seen & REQUIRED) === REQUIRED;
}

const hasName = ({ bytes, head: { spans } }: Lines, line: number): boolean =>
  nameLength(bytes, spans[line * 2] ?? 0, spans[line * 2 + 1] ?? 0) !== -1;

function isOrdinaryValue(lines: Lines, line: number, code: number, bit: number): boolean {
  if (code === VIA) return isPlainVia(valueOf(lines, line));
  if (code === CONTACT) {
    const value = valueOf(lines, line);
    return value === '*' || isPlainAddress(value);
  }
  if (code === MAX_FORWARDS) return isUpTo(numberAt(lines, line), 255);
  if (code === CONTENT_LENGTH) {
    return isUpTo(numberAt(lines, line), lines.bytes.length - lines.head.bodyOffset);
  }
  if ((bit & DURATION) !== 0) return valueOf(lines, line).length <= DURATION_CHARS_MAX;
  return code !== DATE || valueOf(lines, line).endsWith(' GMT');
}

const isUpTo = (number: number, most: number): boolean => number !== -1 && number <= most;
