import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPart, heldBytes, partOf, readPart } from '../../../src/core/sip/ws-frame.js';

const BYTES_MAX = 65_535;

interface Frame {
  readonly opcode: number;
  readonly last: boolean;
  readonly payload: Buffer;
  readonly mask: Buffer | null;
}

/** RFC 6455 section 5.2. */
function write({ opcode, last, payload, mask }: Frame): Buffer {
  const flag = mask === null ? 0 : 0x80;
  const first = (last ? 0x80 : 0) | opcode;
  const size = payload.length;
  const head = size < 126 ? [first, flag | size] : [first, flag | 126, size >> 8, size & 255];
  const bytes = Buffer.from(payload.map((byte, index) => byte ^ (mask?.[index & 3] ?? 0)));
  return Buffer.concat([Buffer.from(head), mask ?? Buffer.alloc(0), bytes]);
}

/** Control frames stand alone, and are short (RFC 6455 section 5.5). */
const legal = (frames: readonly Frame[]): readonly Frame[] =>
  frames.map((each) =>
    each.opcode < 8 ? each : { ...each, last: true, payload: each.payload.subarray(0, 125) },
  );

const frame = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 9, 10),
  last: fc.boolean(),
  payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  mask: fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes))),
});

describe('what came of a WebSocket message', () => {
  it('is the payload since the last whole one, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        (some, step) => {
          const frames = legal(some);
          let expected = Buffer.alloc(0);
          for (const { opcode, last, payload } of frames) {
            if (opcode >= 8) continue;
            expected = last ? Buffer.alloc(0) : Buffer.concat([expected, payload]);
          }
          const bytes = Buffer.concat(frames.map(write));
          const part = createPart();
          let completed = 0;
          for (let at = 0; at < bytes.length; at += step) {
            completed += readPart(part, bytes.subarray(at, at + step), BYTES_MAX).length;
          }
          expect(partOf(part) ?? Buffer.alloc(0)).toEqual(expected);
          expect(heldBytes(part)).toBe(expected.length);
          expect(completed).toBe(frames.filter(({ opcode, last }) => opcode < 8 && last).length);
        },
      ),
    );
  });

  it('is not read on when a frame promises too much', () => {
    const part = createPart();
    const head = Buffer.from([0x02, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]);
    expect(readPart(part, Buffer.concat([head, Buffer.alloc(1000)]), BYTES_MAX)).toEqual([]);
    expect(part.broken).toBe(true);
    expect([...part.flaws]).toEqual(['too-large']);
    // What came of it shows what was tried.
    expect(partOf(part)).toHaveLength(1000);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (chunks) => {
        const part = createPart();
        for (const chunk of chunks) readPart(part, Buffer.from(chunk), BYTES_MAX);
        expect(heldBytes(part)).toBeLessThanOrEqual(6 * 60);
      }),
    );
  });
});
