import type { Socket } from 'node:net';
import { LIMITS } from '../../core/common/limits.js';

/**
 * Lets streams be read in small pieces, one after another, and no more than so many bytes in one turn
 * of the loop: between two turns datagrams are read, so that no stream, nor many, keeps those from
 * their answer. A stream with bytes that wait is not read on.
 */
export interface FairTurns {
  take(stream: Socket, chunk: Buffer, work: (piece: Buffer) => void): void;
  /** Does what waits of a stream at once: it has ended. */
  finish(stream: Socket): void;
}

interface Waiting {
  bytes: Buffer;
  readonly work: (piece: Buffer) => void;
}

export function createFairTurns(): FairTurns {
  /** In the order of their turns. */
  const waiting = new Map<Socket, Waiting>();
  let spent = 0;
  let isPlanned = false;
  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(turn);
  };
  const turn = (): void => {
    isPlanned = false;
    spent = 0;
    while (spent < LIMITS.streamTurnBytesMax) {
      const next = waiting.entries().next();
      if (next.done === true) return;
      const [stream, rest] = next.value;
      waiting.delete(stream);
      const piece = rest.bytes.subarray(0, LIMITS.streamPieceBytesMax);
      rest.bytes = rest.bytes.subarray(piece.length);
      if (rest.bytes.length > 0) waiting.set(stream, rest);
      spent += piece.length;
      rest.work(piece);
      if (rest.bytes.length === 0) stream.resume();
    }
    plan();
  };
  return {
    take: (stream, chunk, work) => {
      plan();
      const rest = waiting.get(stream);
      if (rest !== undefined) {
        // One more may come after a stream was told to pause.
        rest.bytes = Buffer.concat([rest.bytes, chunk]);
      } else if (chunk.length <= LIMITS.streamPieceBytesMax && spent < LIMITS.streamTurnBytesMax) {
        spent += chunk.length;
        work(chunk);
      } else {
        waiting.set(stream, { bytes: chunk, work });
        stream.pause();
      }
    },
    finish: (stream) => {
      const rest = waiting.get(stream);
      waiting.delete(stream);
      rest?.work(rest.bytes);
    },
  };
}
