/** Memory in pieces that is used again: a fresh piece costs more than its filling. */
export interface Pieces {
  /** One with room for so many bytes; what is longer than a piece gets one of its own. */
  readonly take: (bytes: number) => Buffer;
  /** They hold something else from then on. */
  readonly giveBack: (pieces: readonly Buffer[]) => void;
}

/** `keptMax`: unused ones that are kept. */
export function createPieces(pieceBytes: number, keptMax: number): Pieces {
  const unused: Buffer[] = [];
  return {
    take: (bytes) =>
      bytes > pieceBytes
        ? Buffer.allocUnsafeSlow(bytes)
        : (unused.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)),
    giveBack: (pieces) => {
      for (const piece of pieces)
        if (piece.length === pieceBytes && unused.length < keptMax) unused.push(piece);
    },
  };
}
