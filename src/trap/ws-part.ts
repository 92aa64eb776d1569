/**
 * What came of a WebSocket message that is not whole yet, unmasked (RFC 6455 section 5). The package
 * shows whole messages only; a trap wants the half of one too. Made by `createPart`, changed by
 * `readPart` alone.
 */
export interface MessagePart {
  /** The first `used` bytes came. */
  bytes: Buffer;
  used: number;
  /** The head of the frame under way, the first `headUsed` bytes of it. */
  readonly head: Buffer;
  headUsed: number;
  /** Bytes of its payload still to come; null while its head is incomplete. */
  left: number | null;
  /** Payload bytes of the frame that were read: the place in the mask. */
  maskAt: number;
  /** true: a frame is larger than a message may be, and nothing more is read. */
  broken: boolean;
}

const HEAD_BYTES_MAX = 14;
const FIN = 0x80;
const CONTROL = 0x08;
const MASKED = 0x80;
const EMPTY = Buffer.alloc(0);

export const createPart = (): MessagePart => ({
  bytes: EMPTY,
  used: 0,
  head: Buffer.alloc(HEAD_BYTES_MAX),
  headUsed: 0,
  left: null,
  maskAt: 0,
  broken: false,
});

/** Bytes that are held of a message or frame that has begun. */
export const heldBytes = ({ used, headUsed }: MessagePart): number => used + headUsed;

/** What came of the message under way; null when there is none. */
export const partOf = ({ bytes, used }: MessagePart): Buffer | null =>
  used === 0 ? null : Buffer.from(bytes.subarray(0, used));

/** Takes bytes of the stream. True when a message was completed with them. */
export function readPart(part: MessagePart, chunk: Buffer, messageBytesMax: number): boolean {
  let completed = false;
  let at = 0;
  while (!part.broken) {
    if (part.left === null) {
      at = readHead(part, chunk, at);
      const left = endHead(part);
      if (left === null) return completed;
      if (part.used + left > messageBytesMax) part.broken = true;
    } else {
      at = readPayload(part, chunk, at, part.left);
      if (part.left > 0) return completed;
      if (endFrame(part)) completed = true;
    }
  }
  return completed;
}

function readHead(part: MessagePart, chunk: Buffer, from: number): number {
  const { head } = part;
  let at = from;
  while (part.headUsed < wantedOf(part)) {
    const byte = chunk[at];
    if (byte === undefined) return at;
    head[part.headUsed] = byte;
    part.headUsed += 1;
    at += 1;
  }
  return at;
}

/** The length of the payload; null when the head is not whole yet. */
function endHead(part: MessagePart): number | null {
  const { head } = part;
  if (part.headUsed < wantedOf(part)) return null;
  let length = (head[1] ?? 0) & 0x7f;
  if (length === 126) length = head.readUInt16BE(2);
  else if (length === 127) length = head.readUInt32BE(2) * 2 ** 32 + head.readUInt32BE(6);
  part.left = length;
  part.maskAt = 0;
  return length;
}

function wantedOf({ head, headUsed }: MessagePart): number {
  if (headUsed < 2) return 2;
  const second = head[1] ?? 0;
  const length = second & 0x7f;
  const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
  return 2 + extended + ((second & MASKED) === 0 ? 0 : 4);
}

function readPayload(part: MessagePart, chunk: Buffer, from: number, left: number): number {
  const count = Math.min(left, chunk.length - from);
  if (!isControl(part)) append(part, chunk, from, count);
  part.maskAt += count;
  part.left = left - count;
  return from + count;
}

function append(part: MessagePart, chunk: Buffer, from: number, count: number): void {
  const { head, headUsed, maskAt, used } = part;
  if (used + count > part.bytes.length) {
    // Doubling keeps the copying linear when a message comes byte by byte.
    const grown = Buffer.allocUnsafeSlow(used === 0 ? count : (used + count) * 2);
    part.bytes.copy(grown, 0, 0, used);
    part.bytes = grown;
  }
  const masked = ((head[1] ?? 0) & MASKED) !== 0;
  for (let index = 0; index < count; index += 1) {
    const mask = masked ? (head[headUsed - 4 + ((maskAt + index) & 3)] ?? 0) : 0;
    part.bytes[used + index] = (chunk[from + index] ?? 0) ^ mask;
  }
  part.used = used + count;
}

const isControl = ({ head }: MessagePart): boolean => ((head[0] ?? 0) & CONTROL) !== 0;

/** True when the frame that ended was the last of a message. */
function endFrame(part: MessagePart): boolean {
  const last = !isControl(part) && ((part.head[0] ?? 0) & FIN) !== 0;
  part.left = null;
  part.headUsed = 0;
  if (!last) return false;
  part.used = 0;
  part.bytes = EMPTY;
  return true;
}
