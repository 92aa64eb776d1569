import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addKey,
  createKeyTable,
  dropOldest,
  findKey,
  setValue,
  sizeOf,
  touchKey,
  valueOf,
} from '../../../../src/core/detect/count/key-table.js';

const hashOf = (key: number) => ({ lo: Math.imul(key, 0x9e3779b1), hi: key });

describe('a table of keys', () => {
  it.each([2, 5, 300, 3_000])(
    'finds what was added and not dropped, of up to %d keys',
    (keysMax) => {
      const keys = fc.array(fc.nat(keysMax * 2), { minLength: keysMax, maxLength: keysMax * 4 });
      const property = fc.property(keys, (asked) => {
        const table = createKeyTable(keysMax);
        // In the order of their last touch, which tells who goes first.
        const known = new Map<number, number>();
        asked.forEach((key, step) => {
          const record = findKey(table, hashOf(key));
          expect(record === 0 ? undefined : valueOf(table, record)).toBe(known.get(key));
          known.delete(key);
          if (record !== 0) {
            touchKey(table, record, step);
            known.set(key, valueOf(table, record));
            return;
          }
          if (sizeOf(table) === keysMax) {
            dropOldest(table);
            known.delete([...known.keys()][0] ?? -1);
          }
          setValue(table, addKey(table, hashOf(key), step), step);
          known.set(key, step);
        });
        expect(sizeOf(table)).toBe(known.size);
        for (const [key, value] of known) {
          expect(valueOf(table, findKey(table, hashOf(key)))).toBe(value);
        }
      });
      fc.assert(property, { numRuns: keysMax > 1_000 ? 5 : 50 });
    },
  );
});
