import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJsonbMaker } from '../../../src/store/write/jsonb.js';
import { openDatabase } from '../../../src/store/database/sqlite.js';
import { closeAfterTest } from '../samples.js';

type Value = string | number | null;

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary-ascii', maxLength: 600 }),
);
const anyNumber = fc.oneof(
  fc.maxSafeInteger(),
  fc.nat(100_000),
  fc.constantFrom(0, 9, 10, 99_999_999_999, 100_000_000_000, Number.MAX_SAFE_INTEGER, 2 ** 53),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const anyRow = fc.array(fc.oneof(anyText, anyNumber, fc.constant(null)), { maxLength: 30 });

const openMemory = async () => closeAfterTest(await openDatabase(':memory:', 'write'));

/** One array after another, in pieces so small that arrays move and outgrow them. */
function writeRows(rows: readonly (readonly Value[])[]) {
  const writer = createJsonbMaker(64).writer();
  const written = rows.map((row) => {
    writer.begin();
    for (const value of row) {
      if (typeof value === 'string') writer.text(value);
      else writer.number(value);
    }
    return writer.end();
  });
  return { written, writer };
}

describe('createJsonbMaker', () => {
  it('writes what SQLite reads as the same array', async () => {
    const database = await openMemory();
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 5 }), async (rows) => {
        const { written } = writeRows(rows);
        for (const [index, bytes] of written.entries()) {
          const row = await database.get<{ valid: number; json: string }>(
            'SELECT json_valid(?1, 8) AS valid, json(?1) AS json',
            [bytes],
          );
          expect(row?.valid).toBe(1);
          // JSON knows no negative zero that an integer of SQLite would keep.
          const wanted = rows[index]?.map((value) => (value === 0 ? 0 : value));
          expect(JSON.parse(row?.json ?? '')).toEqual(wanted);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives SQLite texts and numbers of their own types', async () => {
    const database = await openMemory();
    const { written } = writeRows([['5060', 5060, 0.5, null, '']]);
    const [bytes = new Uint8Array()] = written;
    const types = [0, 1, 2, 3, 4].map((index) => `typeof(?1 ->> ${index}) AS t${index}`);
    expect(await database.get(`SELECT ${types.join(', ')}`, [bytes])).toEqual({
      t0: 'text',
      t1: 'integer',
      t2: 'real',
      t3: 'null',
      t4: 'text',
    });
  });

  it('writes null for a number that JSON does not know', async () => {
    const database = await openMemory();
    const { written } = writeRows([[NaN, Infinity]]);
    const [bytes = new Uint8Array()] = written;
    expect(await database.get('SELECT json(?) AS json', [bytes])).toEqual({ json: '[null,null]' });
  });

  it('uses the memory of freed arrays again, and no other', () => {
    const maker = createJsonbMaker(64);
    const write = (text: string) => {
      const writer = maker.writer();
      writer.begin();
      writer.text(text);
      return { bytes: writer.end(), free: writer.free };
    };
    const first = write('first');
    const second = write('second');
    expect(second.bytes.buffer).not.toBe(first.bytes.buffer);
    first.free();
    expect(write('third').bytes.buffer).toBe(first.bytes.buffer);
    expect(Buffer.from(second.bytes).toString('latin1')).toContain('second');
  });
});
