import { LIMITS } from '../../core/common/limits.js';

/** One direction of a TCP connection, put in order. Sequence numbers wrap at 2^32. */
export interface ByteStream {
  /** What comes next; null: nothing was seen yet. */
  next: number | null;
  /** Segments from further on. */
  readonly ahead: Map<number, Buffer>;
  aheadBytes: number;
}

export const createByteStream = (): ByteStream => ({
  next: null,
  ahead: new Map(),
  aheadBytes: 0,
});

/** Bytes in order; `gap` before them: some before were never seen, so a message may be torn. */
export interface Ordered {
  readonly bytes: Buffer;
  readonly gap: boolean;
}

/** The stream begins with the number after the one of its SYN. */
export function beginAt(stream: ByteStream, sequence: number): void {
  stream.next = sequence >>> 0;
}

/**
 * Takes a segment and gives out what is in order now. A segment that comes again gives nothing. A
 * gap that does not close within the bounds of what may wait behind it is jumped over, and said.
 */
export function takeSegment(
  stream: ByteStream,
  sequence: number,
  payload: Buffer,
): readonly Ordered[] {
  if (payload.length === 0) return [];
  const ordered: Ordered[] = [];
  const joined = stream.next === null;
  stream.next ??= sequence;
  put(stream, sequence, payload);
  drain(stream, ordered, joined);
  if (isFull(stream)) {
    stream.next = nearest(stream, stream.next);
    drain(stream, ordered, true);
  }
  return ordered;
}

/** What still waits behind a gap when the stream ends. */
export function takeRest(stream: ByteStream): readonly Ordered[] {
  const ordered: Ordered[] = [];
  while (stream.next !== null && stream.ahead.size > 0) {
    stream.next = nearest(stream, stream.next);
    drain(stream, ordered, true);
  }
  return ordered;
}

/** Signed distance from `from` to `to`, modulo 2^32 (RFC 9293 section 3.4). */
export const distance = (from: number, to: number): number => (to - from) | 0;

const isFull = ({ ahead, aheadBytes }: ByteStream): boolean =>
  aheadBytes > LIMITS.captureStreamPendingBytesMax ||
  ahead.size > LIMITS.captureStreamPendingSegmentsMax;

function put(stream: ByteStream, sequence: number, payload: Buffer): void {
  const before = stream.ahead.get(sequence);
  if (before !== undefined && before.length >= payload.length) return;
  stream.aheadBytes += payload.length - (before?.length ?? 0);
  stream.ahead.set(sequence, Buffer.from(payload));
}

function drain(stream: ByteStream, ordered: Ordered[], gapBefore: boolean): void {
  let gap = gapBefore;
  for (;;) {
    const fresh = takeNext(stream);
    if (fresh === null) return;
    ordered.push({ bytes: fresh, gap });
    gap = false;
  }
}

/** The bytes that stand at `next`, without those that were given out already. */
function takeNext(stream: ByteStream): Buffer | null {
  for (const [sequence, bytes] of stream.ahead) {
    const known = distance(sequence, stream.next ?? 0);
    if (known < 0) continue;
    stream.ahead.delete(sequence);
    stream.aheadBytes -= bytes.length;
    if (known >= bytes.length) continue;
    stream.next = (sequence + bytes.length) >>> 0;
    return bytes.subarray(known);
  }
  return null;
}

function nearest(stream: ByteStream, next: number): number {
  const far = [...stream.ahead.keys()].map((sequence) => distance(next, sequence));
  return (next + Math.min(...far)) >>> 0;
}
