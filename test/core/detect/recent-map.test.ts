import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  addEntry,
  createRecentMap,
  dropOldest,
  findEntry,
  touchEntry,
} from '../../../src/core/detect/recent-map.js';

it('behaves as a plain map that is kept in order of use', () => {
  const key = fc.integer({ min: 0, max: 300 }).map((n) => `198.51.100.${n}`);
  const step = fc.oneof(key, fc.constant(null));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const map = createRecentMap<number>();
      const model = new Map<string, number>();
      steps.forEach((each, now) => {
        if (each === null) {
          const oldest = model.keys().next().value ?? null;
          expect(dropOldest(map)?.key ?? null).toBe(oldest);
          if (oldest !== null) model.delete(oldest);
          return;
        }
        const entry = findEntry(map, each);
        expect(entry?.value).toBe(model.get(each));
        const value = model.get(each) ?? now;
        if (entry === null) addEntry(map, each, value, now);
        else touchEntry(map, entry, now);
        model.delete(each);
        model.set(each, value);
        expect(map.size).toBe(model.size);
      });
      const rest: string[] = [];
      for (let last = dropOldest(map); last !== null; last = dropOldest(map)) rest.push(last.key);
      expect(rest).toEqual([...model.keys()]);
    }),
  );
});
