import { LIMITS } from '../../../core/common/limits.js';

/** Lines that wait, in their order, with their counts. */
export interface LineQueue {
  /** False when there is no room: the line is counted as lost. */
  push(line: Buffer): boolean;
  /** The first lines, at least one, of so many bytes at most unless one alone is longer. */
  peek(bytesMax: number): readonly Buffer[];
  /** The first lines are sent. */
  shift(count: number): void;
  /** The first lines are given up, or so many that never came in. */
  lose(count: number): void;
  length(): number;
  sent(): number;
  lost(): number;
}

export function createLineQueue(): LineQueue {
  let lines: Buffer[] = [];
  let first = 0;
  let bytes = 0;
  let sent = 0;
  let lost = 0;

  const drop = (count: number): number => {
    const dropped = Math.min(count, lines.length - first);
    for (let at = first; at < first + dropped; at += 1) bytes -= lines[at]?.length ?? 0;
    first += dropped;
    // Moved down once in a while: shift() of a long array moves all of it every time.
    if (first > 1_000 && first * 2 > lines.length) {
      lines = lines.slice(first);
      first = 0;
    }
    return dropped;
  };

  return {
    push: (line) => {
      const full = lines.length - first >= LIMITS.remoteQueuedLinesMax;
      if (full || bytes + line.length > LIMITS.remoteQueuedBytesMax) {
        lost += 1;
        return false;
      }
      lines.push(line);
      bytes += line.length;
      return true;
    },
    peek: (bytesMax) => {
      let end = first;
      let taken = 0;
      while (end < lines.length) {
        taken += lines[end]?.length ?? 0;
        if (taken > bytesMax && end > first) break;
        end += 1;
      }
      return lines.slice(first, end);
    },
    shift: (count) => {
      sent += drop(count);
    },
    lose: (count) => {
      drop(count);
      lost += count;
    },
    length: () => lines.length - first,
    sent: () => sent,
    lost: () => lost,
  };
}
