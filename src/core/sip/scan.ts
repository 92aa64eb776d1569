import { LIMITS } from '../common/limits.js';

/** Where the parts of a message are: offsets into its bytes, and no text but the start line. */
export interface Head {
  readonly startLine: string;
  /** Pairs: where a header line begins, and where it ends with its folds, line end left out. */
  readonly spans: readonly number[];
  /** Offset of the first body byte; the length of the bytes when the headers never end. */
  readonly bodyOffset: number;
  /** false: the bytes end before the empty line. */
  readonly complete: boolean;
  /** true: there were more header lines than `sipHeaderLinesMax`. */
  readonly overflow: boolean;
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;

/**
 * One pass over the header section, line by line, with CRLF or LF alone as line end; a line that
 * begins with a blank continues the one before (RFC 3261 section 7.3.1). Linear in the length.
 */
export function scanHead(bytes: Buffer): Head {
  const begin = skipLineEnds(bytes, 0);
  const firstEnd = lineEnd(bytes, begin);
  const startLine = bytes.toString('latin1', begin, trimCr(bytes, begin, firstEnd));
  const spans: number[] = [];
  const length = bytes.length;
  let at = firstEnd + 1;
  while (at < length) {
    const end = lineEnd(bytes, at);
    const first = bytes[at];
    if (first === LF || (first === CR && end === at + 1 && end < length)) {
      return { startLine, spans, bodyOffset: end + 1, complete: true, overflow: false };
    }
    const contentEnd = trimCr(bytes, at, end);
    if ((first === SPACE || first === TAB) && spans.length > 0) {
      spans[spans.length - 1] = contentEnd;
    } else if (spans.length === LIMITS.sipHeaderLinesMax * 2) {
      return { startLine, spans, ...findBody(bytes, at), overflow: true };
    } else {
      spans.push(at, contentEnd);
    }
    at = end + 1;
  }
  return { startLine, spans, bodyOffset: length, complete: false, overflow: false };
}

/** The first byte after line ends that come before a start line (RFC 3261 section 7.5). */
export function skipLineEnds(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === CR || bytes[at] === LF) at += 1;
  return at;
}

function findBody(bytes: Buffer, from: number): { bodyOffset: number; complete: boolean } {
  // The line before `from` has been read whole, so an empty line may begin at `from` itself.
  const crlf = bytes.indexOf('\n\r\n', from - 1, 'latin1');
  const lf = bytes.indexOf('\n\n', from - 1, 'latin1');
  if (crlf === -1 && lf === -1) return { bodyOffset: bytes.length, complete: false };
  const first = crlf === -1 || (lf !== -1 && lf < crlf) ? lf + 2 : crlf + 3;
  return { bodyOffset: first, complete: true };
}

function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(LF, from);
  return end === -1 ? bytes.length : end;
}

function trimCr(bytes: Buffer, from: number, end: number): number {
  return end > from && bytes[end - 1] === CR ? end - 1 : end;
}
