import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/common/limits.js';
import { createFairTurns } from '../../../src/trap/streams/fair-turns.js';

const { streamPieceBytesMax: PIECE, streamTurnBytesMax: TURN } = LIMITS;
/** Pausing and resuming is all that is asked of a stream. */
const fakeStream = (): Socket => new PassThrough() as unknown as Socket;

it('reads streams in turn, in pieces, and no more than so much in one turn of the loop', async () => {
  const turns = createFairTurns();
  const [loud, quiet] = [fakeStream(), fakeStream()];
  const seen: string[] = [];
  const worker = (name: string) => (piece: Buffer) => {
    expect(piece.length).toBeLessThanOrEqual(PIECE);
    seen.push(name);
  };
  turns.take(loud, Buffer.alloc(TURN * 3), worker('loud'));
  turns.take(quiet, Buffer.alloc(PIECE + 1), worker('quiet'));
  expect(seen).toEqual([]);
  expect(loud.isPaused()).toBe(true);
  await nextTurn();
  expect(seen).toEqual(['loud', 'quiet', 'loud', 'quiet', 'loud']);
  expect(quiet.isPaused()).toBe(false);
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  expect(seen.filter((name) => name === 'loud')).toHaveLength((TURN * 3) / PIECE);
  expect(loud.isPaused()).toBe(false);
});

it('does little at once, until a turn is used up; and all that waits when a stream ends', async () => {
  const turns = createFairTurns();
  const stream = fakeStream();
  let bytes = 0;
  const work = (piece: Buffer): void => {
    bytes += piece.length;
  };
  for (let done = 0; done < TURN; done += PIECE) turns.take(stream, Buffer.alloc(PIECE), work);
  expect(bytes).toBe(TURN);
  turns.take(stream, Buffer.alloc(10), work);
  turns.take(stream, Buffer.alloc(10), work);
  expect(bytes).toBe(TURN);
  turns.finish(stream);
  expect(bytes).toBe(TURN + 20);
  await nextTurn();
  expect(bytes).toBe(TURN + 20);
});
