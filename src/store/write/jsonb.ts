import { createPieces, type Pieces } from '../logs/buffer-pool.js';

/**
 * Arrays of texts, numbers and nulls in SQLite's binary JSON (https://sqlite.org/jsonb.html), which
 * SQLite reads without parsing.
 */
export interface JsonbWriter {
  readonly begin: () => void;
  readonly text: (value: string | null) => void;
  /** What is not finite becomes null. */
  readonly number: (value: number | null) => void;
  /** The array that was begun. It holds until `free`. */
  readonly end: () => Uint8Array;
  /** All arrays of this writer are done with: their memory is written over from now on. */
  readonly free: () => void;
}

/** Makes writers that use each other's memory again. */
export interface JsonbMaker {
  writer(): JsonbWriter;
}

// The low half of an element's first byte, and in its high half how its size is told.
const NULL = 0x00;
const INTEGER = 0x03;
const FLOAT = 0x05;
const TEXT_RAW = 0x0a;
const ARRAY = 0x0b;
const SIZE_IN_4_BYTES = 0xe0;
const SIZE_IN_HEAD_MAX = 11;
const LONG_HEAD_BYTES = 5;

const ASCII_MAX = 0x7f;
const ZERO = 0x30;
/** Shorter texts are written sooner unit by unit than by a call. No number is longer. */
const SHORT_UNITS_MAX = 25;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const PIECE_BYTES = 65_536;
const FREE_PIECES_MAX = 24;
const NO_PIECE = Buffer.alloc(0);

export function createJsonbMaker(pieceBytes: number = PIECE_BYTES): JsonbMaker {
  const pieces = createPieces(pieceBytes, FREE_PIECES_MAX);
  return { writer: () => createWriter(pieces) };
}

/** Where a writer is: the array that was begun lies from `begun` to `at` in the last piece. */
interface Pen {
  readonly pieces: Pieces;
  used: Buffer[];
  piece: Buffer;
  begun: number;
  at: number;
}

function createWriter(pieces: Pieces): JsonbWriter {
  const pen: Pen = { pieces, used: [], piece: NO_PIECE, begun: 0, at: 0 };
  return {
    begin: () => {
      pen.begun = pen.at;
      reserve(pen, LONG_HEAD_BYTES);
      pen.at += LONG_HEAD_BYTES;
    },
    text: (value) => {
      reserve(pen, LONG_HEAD_BYTES + (value?.length ?? 0) * UTF8_BYTES_PER_UNIT_MAX);
      if (value === null) writeNull(pen);
      else if (!writeShort(pen, TEXT_RAW, value)) {
        const size = pen.piece.write(value, pen.at + LONG_HEAD_BYTES, 'utf8');
        writeLongHead(pen.piece, pen.at, TEXT_RAW, size);
        pen.at += LONG_HEAD_BYTES + size;
      }
    },
    number: (value) => {
      reserve(pen, LONG_HEAD_BYTES + SHORT_UNITS_MAX);
      if (value === null || !Number.isFinite(value)) writeNull(pen);
      else writeNumber(pen, value);
    },
    end: () => {
      const { piece, begun, at } = pen;
      writeLongHead(piece, begun, ARRAY, at - begun - LONG_HEAD_BYTES);
      return piece.subarray(begun, at);
    },
    free: () => {
      pieces.giveBack(pen.used);
      Object.assign(pen, { used: [], piece: NO_PIECE, begun: 0, at: 0 });
    },
  };
}

/** Makes room for so many bytes more; what was begun moves along. */
function reserve(pen: Pen, bytes: number): void {
  if (pen.at + bytes <= pen.piece.length) return;
  const moved = pen.piece.subarray(pen.begun, pen.at);
  pen.piece = pen.pieces.take(moved.length + bytes);
  pen.used.push(pen.piece);
  pen.piece.set(moved);
  pen.begun = 0;
  pen.at = moved.length;
}

function writeNull(pen: Pen): void {
  pen.piece[pen.at] = NULL;
  pen.at += 1;
}

function writeNumber(pen: Pen, value: number): void {
  if (value >= 0 && Number.isSafeInteger(value)) {
    writeWhole(pen, value);
    return;
  }
  const digits = String(value);
  writeShort(pen, Number.isInteger(value) && !digits.includes('e') ? INTEGER : FLOAT, digits);
}

/** Digit by digit from the last: a string of them would be garbage at once. */
function writeWhole(pen: Pen, value: number): void {
  const { piece, at } = pen;
  const size = digitsOf(value);
  const long = size > SIZE_IN_HEAD_MAX;
  const start = at + (long ? LONG_HEAD_BYTES : 1);
  let rest = value;
  for (let place = start + size - 1; place >= start; place -= 1) {
    const tenth = Math.floor(rest / 10);
    piece[place] = ZERO + (rest - tenth * 10);
    rest = tenth;
  }
  if (long) writeLongHead(piece, at, INTEGER, size);
  else piece[at] = (size << 4) | INTEGER;
  pen.at = start + size;
}

function digitsOf(value: number): number {
  let size = 1;
  for (let least = 10; value >= least; least *= 10) size += 1;
  return size;
}

function writeLongHead(piece: Buffer, place: number, type: number, size: number): void {
  piece[place] = SIZE_IN_4_BYTES | type;
  piece.writeUInt32BE(size, place + 1);
}

/** False, and nothing written, when it is long or holds more than ASCII. */
function writeShort(pen: Pen, type: number, value: string): boolean {
  if (value.length > SHORT_UNITS_MAX) return false;
  const { piece, at } = pen;
  const long = value.length > SIZE_IN_HEAD_MAX;
  let place = at + (long ? LONG_HEAD_BYTES : 1);
  for (let index = 0; index < value.length; index += 1) {
    const unit = value.charCodeAt(index);
    if (unit > ASCII_MAX) return false;
    piece[place] = unit;
    place += 1;
  }
  if (long) writeLongHead(piece, at, type, value.length);
  else piece[at] = (value.length << 4) | type;
  pen.at = place;
  return true;
}
