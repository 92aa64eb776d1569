import { LIMITS } from '../../core/common/limits.js';
import { createFramer, flush, push, type Framer } from '../../core/sip/frame.js';
import { parseStartLine } from '../../core/sip/start-line.js';
import {
  createPart,
  heldBytes,
  partOf,
  readPart,
  type MessagePart,
} from '../../core/sip/ws-frame.js';
import { leaveOut, type InputReport } from '../recorded.js';
import {
  createByteStream,
  takeRest,
  takeSegment,
  type ByteStream,
  type Ordered,
} from './reassemble.js';

/**
 * What one side of a TCP connection sent: bytes in order → SIP messages. SIP is found by what it
 * is, and again behind what is none. Made by `createHalf`, changed by the functions here alone.
 */
export interface Half {
  readonly stream: ByteStream;
  /** Null: no message has begun yet, and where one begins is looked for. */
  framer: Framer | null;
  /** The last line of what was looked through in vain. */
  tail: Buffer;
  /** Not null: a WebSocket was agreed on. */
  webSocket: MessagePart | null;
  encrypted: boolean;
  /** An HTTP request came in it, or a WebSocket that a web page opened: a browser sends it. */
  webPage: boolean;
  /** Nothing was taken of it yet. */
  fresh: boolean;
  /** All that is sent there counts, SIP or not. */
  readonly wanted: boolean;
}

export interface HalfMessage {
  readonly bytes: Buffer;
  readonly webSocket: boolean;
  readonly webPage: boolean;
}

const EMPTY = Buffer.alloc(0);
/** A start line longer than this that comes in several segments is found no more. */
const TAIL_BYTES_MAX = 2_048;
const VERSION = 'SIP/2.0';

export const createHalf = (wanted: boolean): Half => ({
  stream: createByteStream(),
  framer: null,
  tail: EMPTY,
  webSocket: null,
  encrypted: false,
  webPage: false,
  fresh: true,
  wanted,
});

/** Bytes of memory that it holds. */
export const heldOf = ({ stream, framer, tail, webSocket }: Half): number =>
  stream.aheadBytes +
  (framer?.used ?? 0) +
  tail.length +
  (webSocket === null ? 0 : heldBytes(webSocket));

/** Takes the bytes of a segment and gives out the messages that they complete. */
export function takeBytes(
  half: Half,
  sequence: number,
  payload: Buffer,
  report: InputReport,
): readonly HalfMessage[] {
  const ordered = takeSegment(half.stream, sequence, payload);
  return ordered.flatMap((piece) => takeOrdered(half, piece, report));
}

/**
 * The end of it: what stands behind gaps. What is unfinished is a message too when the connection
 * was closed; at the end of a capture it cannot be known.
 */
export function endHalf(half: Half, closed: boolean, report: InputReport): readonly HalfMessage[] {
  const messages = takeRest(half.stream).flatMap((piece) => takeOrdered(half, piece, report));
  const { framer, webSocket } = half;
  const rest =
    webSocket !== null ? partOf(webSocket) : framer === null ? takeHttp(half) : flush(framer);
  half.framer = null;
  half.webSocket = null;
  half.tail = EMPTY;
  if (rest === null) return messages;
  if (framer === null && webSocket === null && !half.wanted) {
    leaveOut(report, 'not_sip');
    return messages;
  }
  if (closed) return [...messages, messageFrom(half, rest, webSocket !== null)];
  leaveOut(report, 'unfinished');
  return messages;
}

/** What came of an HTTP request that might have become a WebSocket. */
const takeHttp = ({ tail }: Half): Buffer | null => (mayBeHttp(tail) ? tail : null);

const messageFrom = ({ webPage }: Half, bytes: Buffer, webSocket: boolean): HalfMessage => ({
  bytes,
  webSocket,
  webPage,
});

function takeOrdered(
  half: Half,
  { bytes, gap }: Ordered,
  report: InputReport,
): readonly HalfMessage[] {
  if (half.encrypted) {
    leaveOut(report, 'encrypted');
    return [];
  }
  if (gap) loseSync(half, report);
  if (half.webSocket !== null) return readFrames(half, half.webSocket, bytes, report);
  if (half.framer !== null) return readSip(half, half.framer, bytes, report);
  const { fresh } = half;
  half.fresh = false;
  if (fresh && isHttpRequest(bytes)) half.webPage = true;
  if (fresh && isTls(bytes)) {
    half.encrypted = true;
    leaveOut(report, 'encrypted');
    return [];
  }
  // Where all counts, the first byte begins the first message, whatever it is.
  if (fresh && half.wanted && !gap && !mayBeHttp(bytes)) {
    return readSip(half, newFramer(), bytes, report);
  }
  return search(half, bytes, report);
}

/** Bytes are missing: what had begun is torn, and a WebSocket's frames cannot be told apart. */
function loseSync(half: Half, report: InputReport): void {
  const { framer, webSocket } = half;
  if ((framer?.used ?? 0) > 0 || (webSocket !== null && heldBytes(webSocket) > 0)) {
    leaveOut(report, 'unfinished');
  }
  half.framer = null;
  half.tail = EMPTY;
  // A segment seldom begins anywhere but with a frame, so that is tried.
  if (webSocket !== null) half.webSocket = createPart();
}

/** Looks for the beginning of a message, or of a WebSocket. */
function search(half: Half, piece: Buffer, report: InputReport): readonly HalfMessage[] {
  const bytes = half.tail.length === 0 ? piece : Buffer.concat([half.tail, piece]);
  const upgraded = endOfUpgrade(bytes);
  if (upgraded === 'unfinished') {
    half.tail = Buffer.from(bytes);
    return [];
  }
  half.tail = EMPTY;
  if (upgraded !== null) {
    half.webSocket = createPart();
    half.webPage = /\r\norigin:/i.test(bytes.toString('latin1', 0, upgraded));
    leaveOut(report, 'web_socket_handshakes');
    const rest = bytes.subarray(upgraded);
    return rest.length === 0 ? [] : readFrames(half, half.webSocket, rest, report);
  }
  const begin = findStart(bytes, 0);
  if (begin !== -1) {
    const before = takeJunk(half, bytes.subarray(0, begin), report);
    return [...before, ...readSip(half, newFramer(), bytes.subarray(begin), report)];
  }
  if (half.wanted && mayBeHttp(bytes)) return readSip(half, newFramer(), bytes, report);
  const line = bytes.subarray(bytes.lastIndexOf(10) + 1);
  half.tail = line.length > TAIL_BYTES_MAX ? EMPTY : Buffer.from(line);
  leaveOut(report, half.wanted ? 'lost_stream_bytes' : 'not_sip');
  return [];
}

/** What stands before a message that was found. */
function takeJunk(half: Half, bytes: Buffer, report: InputReport): readonly HalfMessage[] {
  if (bytes.length > 0 && !half.wanted) leaveOut(report, 'not_sip');
  else if (bytes.length > 0) leaveOut(report, 'lost_stream_bytes');
  return [];
}

/** Reads on; behind what is no SIP, the next message is looked for. */
function readSip(
  half: Half,
  first: Framer,
  piece: Buffer,
  report: InputReport,
): readonly HalfMessage[] {
  const found: HalfMessage[] = [];
  let bytes = piece;
  half.framer = first;
  for (;;) {
    const { messages, failure } = push(half.framer, bytes);
    const broken = failure === null ? null : (messages.pop() ?? EMPTY);
    for (const message of messages) found.push(messageFrom(half, message, false));
    if (broken === null) return found;
    half.framer = null;
    const next = findStart(broken, 1);
    const junk = next === -1 ? broken : broken.subarray(0, next);
    if (half.wanted || beginsMessage(junk)) found.push(messageFrom(half, junk, false));
    else leaveOut(report, 'not_sip');
    if (next === -1) return found;
    bytes = broken.subarray(next);
    half.framer = newFramer();
  }
}

function readFrames(
  half: Half,
  part: MessagePart,
  bytes: Buffer,
  report: InputReport,
): readonly HalfMessage[] {
  const messages = readPart(part, bytes, LIMITS.streamMessageBytesMax);
  const readable = messages.filter(({ flaws }) => !flaws.has('compressed'));
  if (readable.length < messages.length) {
    leaveOut(report, 'compressed', messages.length - readable.length);
  }
  const found = readable
    .filter(({ bytes: each }) => each.length > 0)
    .map(({ bytes: each }) => messageFrom(half, each, true));
  if (!part.broken) return found;
  // No frame, or too large a one: what follows is looked through for SIP as it stands.
  half.webSocket = null;
  const rest = partOf(part);
  if (rest !== null && beginsMessage(rest)) return [...found, messageFrom(half, rest, true)];
  return [...found, ...search(half, bytes, report)];
}

/** Where a SIP message begins, from `from` on, at the beginning of a line; -1: nowhere. */
export function findStart(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(VERSION, from);
  while (at !== -1) {
    const begin = bytes.lastIndexOf(10, at) + 1;
    const end = bytes.indexOf(10, at);
    const lineEnd = end === -1 ? bytes.length : end;
    if (begin >= from && end !== -1 && isStartLine(bytes, begin, lineEnd)) return begin;
    // The next of the same line has no more luck: each line is looked at once.
    at = end === -1 ? -1 : bytes.indexOf(VERSION, end);
  }
  return -1;
}

function beginsMessage(bytes: Buffer): boolean {
  const end = bytes.indexOf(10);
  return end !== -1 && isStartLine(bytes, 0, end);
}

const isStartLine = (bytes: Buffer, begin: number, end: number): boolean =>
  parseStartLine(bytes.toString('latin1', begin, end).trimEnd()).kind !== 'other';

const newFramer = (): Framer =>
  createFramer({
    headBytesMax: LIMITS.streamHeadBytesMax,
    messageBytesMax: LIMITS.streamMessageBytesMax,
  });

/** A TLS record of the handshake (RFC 8446 section 5.1). */
const isTls = (bytes: Buffer): boolean => bytes[0] === 0x16 && bytes[1] === 3;

/** A request of HTTP, of whatever method; its first bytes suffice, its line may be long. */
const isHttpRequest = (bytes: Buffer): boolean =>
  /^[A-Z]{3,16} \//.test(bytes.toString('latin1', 0, 18));

const mayBeHttp = (bytes: Buffer): boolean => {
  const begin = bytes.toString('latin1', 0, 9);
  return begin.startsWith('GET ') || begin.startsWith('HTTP/1.1 ');
};

/**
 * Where the frames begin behind the handshake of a WebSocket, of either side (RFC 6455 section 4);
 * null: it is none.
 */
function endOfUpgrade(bytes: Buffer): number | 'unfinished' | null {
  if (!mayBeHttp(bytes)) return null;
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return bytes.length > LIMITS.streamHeadBytesMax ? null : 'unfinished';
  const head = bytes.toString('latin1', 0, end);
  if (!/\r\nupgrade:[ \t]*websocket[ \t]*(\r\n|$)/i.test(head)) return null;
  return head.startsWith('GET ') || head.startsWith('HTTP/1.1 101') ? end + 4 : null;
}
