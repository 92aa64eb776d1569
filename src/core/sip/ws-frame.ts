/**
 * One direction of a WebSocket: frames → messages, unmasked (RFC 6455 section 5). It gives out what
 * a strict reader refuses too, with what is wrong about it: a trap wants to know what was tried.
 * Made by `createPart`, changed by `readPart` alone.
 */
export interface MessagePart {
  /** The message under way: the first `used` bytes came. */
  bytes: Buffer;
  used: number;
  /** Of its first frame: 1 is text, 2 binary; null: no message is under way. */
  opcode: number | null;
  flaws: Set<FrameFlaw>;
  /** The head of the frame under way, the first `headUsed` bytes of it. */
  readonly head: Buffer;
  headUsed: number;
  /** Bytes of its payload still to come; null while its head is incomplete. */
  left: number | null;
  /** Payload bytes of the frame that were read: the place in the mask. */
  maskAt: number;
  /** true: nothing more is read, because what follows cannot be told apart. */
  broken: boolean;
}

export const FRAME_FLAWS = [
  /** A client must mask (RFC 6455 section 5.1); a server must not. */
  'unmasked',
  /** RSV1: compressed, where nobody agreed to that, or that nobody undoes (RFC 7692). */
  'compressed',
  /** A reserved bit or opcode, a part without a beginning, a control frame that is none. */
  'bad-frame',
  /** It promises more than a message may have. */
  'too-large',
] as const;
export type FrameFlaw = (typeof FRAME_FLAWS)[number];

export interface FrameMessage {
  readonly bytes: Buffer;
  readonly text: boolean;
  readonly flaws: ReadonlySet<FrameFlaw>;
}

const HEAD_BYTES_MAX = 14;
const FIN = 0x80;
const RSV1 = 0x40;
const RSV_OTHER = 0x30;
const CONTROL = 0x08;
const MASKED = 0x80;
const CONTROL_BYTES_MAX = 125;
const TEXT = 1;
const EMPTY = Buffer.alloc(0);

export const createPart = (): MessagePart => ({
  bytes: EMPTY,
  used: 0,
  opcode: null,
  flaws: new Set(),
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

/** Takes bytes of the stream and gives out the messages that they complete. */
export function readPart(
  part: MessagePart,
  chunk: Buffer,
  messageBytesMax: number,
): readonly FrameMessage[] {
  const messages: FrameMessage[] = [];
  let at = 0;
  while (!part.broken) {
    if (part.left === null) {
      at = readHead(part, chunk, at);
      const left = endHead(part);
      if (left === null) break;
      // What came of a frame that ends everything shows what was tried.
      if (!beginFrame(part, left, messageBytesMax)) {
        append(part, chunk, at, Math.min(left, chunk.length - at, messageBytesMax - part.used));
      }
    } else {
      at = readPayload(part, chunk, at, part.left);
      if (part.left > 0) break;
      const message = endFrame(part);
      if (message !== null) messages.push(message);
    }
  }
  return messages;
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

/** Notes what the head of a frame says of its message. False: nothing more is to be read. */
function beginFrame(part: MessagePart, length: number, messageBytesMax: number): boolean {
  const { head, flaws } = part;
  const first = head[0] ?? 0;
  const opcode = first & 0x0f;
  if ((first & RSV_OTHER) !== 0 || (opcode & 7) > 2) {
    breakOff(part, 'bad-frame');
  } else if (isControl(part)) {
    if ((first & FIN) === 0 || length > CONTROL_BYTES_MAX) breakOff(part, 'bad-frame');
  } else {
    if (((head[1] ?? 0) & MASKED) === 0) flaws.add('unmasked');
    if ((first & RSV1) !== 0) flaws.add('compressed');
    // A part of nothing, or a beginning within another message.
    if ((opcode === 0) !== (part.opcode !== null)) flaws.add('bad-frame');
    part.opcode ??= opcode === 0 ? TEXT : opcode;
    if (part.used + length > messageBytesMax) breakOff(part, 'too-large');
  }
  return !part.broken;
}

function breakOff(part: MessagePart, flaw: FrameFlaw): void {
  part.flaws.add(flaw);
  part.broken = true;
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

/** The message whose last frame has ended; null when it was another frame. */
function endFrame(part: MessagePart): FrameMessage | null {
  const last = !isControl(part) && ((part.head[0] ?? 0) & FIN) !== 0;
  part.left = null;
  part.headUsed = 0;
  if (!last) return null;
  const { bytes, used, opcode, flaws } = part;
  part.used = 0;
  part.bytes = EMPTY;
  part.opcode = null;
  part.flaws = new Set();
  return { bytes: bytes.subarray(0, used), text: opcode === TEXT, flaws };
}
