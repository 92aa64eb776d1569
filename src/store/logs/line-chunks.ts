import { LIMITS } from '../../core/common/limits.js';
import { createPieces } from './buffer-pool.js';

/** Lines on their way into a file, as the bytes that they will be. */
export interface LineChunks {
  /** A line without its line end. */
  add(line: string): void;
  /** The lines in order, in a few large pieces. */
  chunks(): readonly Buffer[];
  /** Gives the memory back: the chunks hold something else from then on. */
  free(): void;
}

/** Makes chunks that use each other's memory again. */
export interface ChunkMaker {
  /** `latin1` is for lines that are ASCII, and costs less. */
  begin(encoding: 'latin1' | 'utf8'): LineChunks;
}

interface Piece {
  readonly buffer: Buffer;
  used: number;
}

const LINE_FEED = 10;
const FREE_PIECES_MAX = 3;

export function createChunkMaker(pieceBytes: number = LIMITS.logWriteBytesMax): ChunkMaker {
  const memory = createPieces(pieceBytes, FREE_PIECES_MAX);
  return {
    begin: (encoding) => {
      let pieces: Piece[] = [];
      let last: Piece | null = null;
      return {
        add: (line) => {
          // A line of UTF-8 takes at most three bytes for each unit of its text.
          const bytesMax = line.length * (encoding === 'utf8' ? 3 : 1) + 1;
          if (last === null || last.used + bytesMax > last.buffer.length) {
            last = { buffer: memory.take(bytesMax), used: 0 };
            pieces.push(last);
          }
          last.used += last.buffer.write(line, last.used, encoding);
          last.buffer[last.used] = LINE_FEED;
          last.used += 1;
        },
        chunks: () => pieces.map(({ buffer, used }) => buffer.subarray(0, used)),
        free: () => {
          memory.giveBack(pieces.map(({ buffer }) => buffer));
          pieces = [];
          last = null;
        },
      };
    },
  };
}
