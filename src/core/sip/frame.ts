import { parseMessage } from './parse.js';
import { skipLineEnds } from './scan.js';
import { parseStartLine } from './start-line.js';

/** Caps of one stream, in bytes. `headBytesMax` is the most that may come before the empty line. */
export interface FramerLimits {
  readonly headBytesMax: number;
  readonly messageBytesMax: number;
}

/** Where one stream stands. Made by `createFramer`, changed by `push` and `flush` only. */
export interface Framer {
  readonly limits: FramerLimits;
  /**
   * What came and belongs to no whole message yet: the first `used` bytes. Never written below
   * `used`, because it may be the caller's chunk, and the memory of messages that were given out.
   */
  buffer: Buffer;
  used: number;
  /** Up to where the end of the headers was looked for in vain. */
  searched: number;
  /** Bytes of the message under way, headers and body; null while its headers are incomplete. */
  wanted: number | null;
  startLineSeen: boolean;
  /** Line feeds between messages; two are one keep-alive (RFC 5626 section 3.5.1). */
  lineFeeds: number;
  failure: string | null;
}

export interface Framed {
  /** Whole messages in order; with a failure, the last one is what came of a broken one. */
  readonly messages: Buffer[];
  /** Why the stream cannot go on, null when it can. After a failure nothing more is taken. */
  readonly failure: string | null;
}

const EMPTY = Buffer.alloc(0);

export function createFramer(limits: FramerLimits): Framer {
  return {
    limits,
    buffer: EMPTY,
    used: 0,
    searched: 0,
    wanted: null,
    startLineSeen: false,
    lineFeeds: 0,
    failure: null,
  };
}

/** CRLF keep-alives that came between messages. */
export function countKeepAlives(framer: Framer): number {
  return Math.floor(framer.lineFeeds / 2);
}

/**
 * Takes the bytes that came and gives out the messages that they complete, cut by Content-Length
 * (RFC 3261 section 18.3). Bytes that are no SIP, and a length that is missing though there is a
 * body, unreadable, repeated differently or too large, give one message with all that came and a
 * failure, so that nothing goes unrecorded. Linear in the bytes, however they are cut up. The chunk
 * becomes the framer's, and a message may be a part of it: who keeps one for long copies it.
 */
export function push(framer: Framer, chunk: Buffer): Framed {
  const messages: Buffer[] = [];
  if (framer.failure !== null) return { messages, failure: framer.failure };
  append(framer, chunk);
  let from = 0;
  for (;;) {
    if (framer.wanted === null) from = skipBetween(framer, from);
    const problem = measure(framer, from);
    if (problem !== null) {
      framer.failure = problem;
      messages.push(framer.buffer.subarray(from, framer.used));
      restart(framer, framer.used);
      break;
    }
    if (framer.wanted === null || framer.used - from < framer.wanted) {
      restart(framer, from);
      break;
    }
    messages.push(framer.buffer.subarray(from, from + framer.wanted));
    from += framer.wanted;
    framer.wanted = null;
    framer.startLineSeen = false;
    framer.searched = from;
  }
  return { messages, failure: framer.failure };
}

/** What came of a message that will not be completed, at the end of a stream; null when nothing. */
export function flush(framer: Framer): Buffer | null {
  const rest = framer.used > 0 ? framer.buffer.subarray(0, framer.used) : null;
  framer.buffer = EMPTY;
  framer.used = 0;
  framer.failure ??= 'the stream ended';
  return rest;
}

function append(framer: Framer, chunk: Buffer): void {
  if (framer.used === 0) {
    framer.buffer = chunk;
    framer.used = chunk.length;
    return;
  }
  const length = framer.used + chunk.length;
  if (length > framer.buffer.length) {
    // Doubling keeps the copying linear when a message comes byte by byte.
    const grown = Buffer.allocUnsafeSlow(length * 2);
    framer.buffer.copy(grown, 0, 0, framer.used);
    framer.buffer = grown;
  }
  chunk.copy(framer.buffer, framer.used);
  framer.used = length;
}

/** Copies what is left, so that the rest of its memory is free once the messages before it are. */
function restart(framer: Framer, from: number): void {
  framer.searched = Math.max(0, framer.searched - from);
  if (from === framer.used) {
    framer.buffer = EMPTY;
    framer.used = 0;
    framer.searched = 0;
  } else if (from > 0) {
    framer.buffer = Buffer.from(framer.buffer.subarray(from, framer.used));
    framer.used -= from;
  }
}

function skipBetween(framer: Framer, from: number): number {
  if (framer.startLineSeen || framer.searched > from) return from;
  const bytes = framer.buffer.subarray(0, framer.used);
  const begin = skipLineEnds(bytes, from);
  for (let at = from; at < begin; at += 1) if (bytes[at] === 10) framer.lineFeeds += 1;
  framer.searched = Math.max(framer.searched, begin);
  return begin;
}

/** Finds out how long the message at `from` is, as far as its bytes tell. A text is a failure. */
function measure(framer: Framer, from: number): string | null {
  if (framer.wanted !== null || framer.used === from) return null;
  const bytes = framer.buffer.subarray(from, framer.used);
  if (!framer.startLineSeen) {
    if (!beginsLikeText(bytes)) return 'the bytes are not SIP';
    const end = bytes.indexOf(10, Math.max(0, framer.searched - from));
    if (end !== -1) {
      const line = bytes.toString('latin1', 0, end > 0 && bytes[end - 1] === 13 ? end - 1 : end);
      if (parseStartLine(line).kind === 'other') return 'the bytes are not SIP';
      framer.startLineSeen = true;
    }
  }
  const headEnd = findHeadEnd(bytes, Math.max(0, framer.searched - from - 3));
  framer.searched = framer.used;
  const { headBytesMax, messageBytesMax } = framer.limits;
  if (headEnd === -1) {
    return bytes.length > headBytesMax ? `the headers exceed ${headBytesMax} bytes` : null;
  }
  if (headEnd > headBytesMax) return `the headers exceed ${headBytesMax} bytes`;
  const length = readLength(bytes.subarray(0, headEnd));
  if (typeof length === 'string') return length;
  if (headEnd + length > messageBytesMax) return `the message exceeds ${messageBytesMax} bytes`;
  framer.wanted = headEnd + length;
  return null;
}

/** A SIP start line begins with a printable character; TLS, STUN and RTP do not. */
function beginsLikeText(bytes: Buffer): boolean {
  const first = bytes[0] ?? 0;
  return first > 32 && first < 127;
}

function findHeadEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(10, from); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
  }
  return -1;
}

function readLength(head: Buffer): number | string {
  const message = parseMessage(head);
  const values = new Set(message.headers('content-length'));
  if (values.size > 1) return 'Content-Length is there twice and differs';
  const [value] = values;
  if (value === undefined) {
    return message.contentType === null ? 0 : 'Content-Length is missing before a body';
  }
  return /^\d{1,10}$/.test(value) ? Number(value) : 'Content-Length is not a number';
}
