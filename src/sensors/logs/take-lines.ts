import { LIMITS } from '../../core/common/limits.js';

/** Lines out of the bytes of a log, with where the next one begins. */
export interface LineTaker {
  /** What has no end yet. */
  rest: Buffer;
  /** Inside a line that is too long already. */
  skipping: boolean;
  /** Bytes of the rest, and of what is skipped, from the beginning of the line on. */
  pendingBytes: number;
}

export const createLineTaker = (): LineTaker => ({
  rest: Buffer.alloc(0),
  skipping: false,
  pendingBytes: 0,
});

const LINE_END = 10;

/**
 * The lines that the next bytes end; null for one that is too long. NULs before a line are left out: a
 * file that was cut under its writer's hands begins with as many of them as it had bytes before.
 */
export function takeLines(taker: LineTaker, chunk: Buffer): readonly (string | null)[] {
  const lines: (string | null)[] = [];
  let bytes = taker.rest.length === 0 ? chunk : Buffer.concat([taker.rest, chunk]);
  let pending = taker.pendingBytes + chunk.length;
  for (;;) {
    if (!taker.skipping) {
      let begin = 0;
      while (bytes[begin] === 0) begin += 1;
      bytes = bytes.subarray(begin);
      pending -= begin;
    }
    const end = bytes.indexOf(LINE_END);
    if (end === -1) break;
    const isTooLong = taker.skipping || end > LIMITS.pbxLogLineBytesMax;
    lines.push(isTooLong ? null : bytes.toString('utf8', 0, end));
    taker.skipping = false;
    bytes = bytes.subarray(end + 1);
    pending = bytes.length;
  }
  if (taker.skipping || bytes.length > LIMITS.pbxLogLineBytesMax) {
    taker.skipping = true;
    bytes = Buffer.alloc(0);
  }
  // A copy: a view would keep the whole chunk.
  taker.rest = Buffer.from(bytes);
  taker.pendingBytes = pending;
  return lines;
}
