import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  clearSeen,
  createSeenTable,
  markSeen,
  seenAtUs,
} from '../../../src/core/trap/seen-table.js';

const KEYS_MAX = 64;
// Few values, so that places and halves of keys meet all the time.
const half = fc.integer({ min: -4, max: 4 });
const marks = fc.array(
  fc.record({ lo: half, hi: half, atUs: fc.integer({ min: 1, max: 1_000 }) }),
  {
    maxLength: KEYS_MAX,
  },
);

it('knows every key that was marked with its last time, and no other', () => {
  fc.assert(
    fc.property(marks, (all) => {
      const table = createSeenTable(KEYS_MAX);
      const model = new Map<string, number>();
      for (const { lo, hi, atUs } of all) {
        markSeen(table, { lo, hi }, atUs);
        model.set(`${lo} ${hi}`, atUs);
      }
      expect(table.size).toBe(model.size);
      for (let lo = -4; lo <= 4; lo += 1) {
        for (let hi = -4; hi <= 4; hi += 1) {
          expect(seenAtUs(table, { lo, hi })).toBe(model.get(`${lo} ${hi}`) ?? null);
        }
      }
    }),
  );
});

it('is empty again after it was cleared', () => {
  const table = createSeenTable(KEYS_MAX);
  markSeen(table, { lo: 1, hi: 2 }, 3);
  clearSeen(table);
  expect(table.size).toBe(0);
  expect(seenAtUs(table, { lo: 1, hi: 2 })).toBeNull();
});
