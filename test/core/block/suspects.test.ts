import { expect, it } from 'vitest';
import {
  findSuspect,
  keepSuspect,
  newSuspect,
  type Suspects,
} from '../../../src/core/block/suspects.js';
import { LIMITS } from '../../../src/core/common/limits.js';

const suspectAt = (nowUs: number) =>
  newSuspect({ score: { total: 100, proven: 0 }, sightings: [], ownMessages: 1 }, 100, nowUs);

it('keeps the ones heard last, in a bounded number', () => {
  const suspects: Suspects = new Map();
  keepSuspect(suspects, 'attacker', suspectAt(0));
  for (let index = 0; index < LIMITS.suspects.max * 2; index += 1) {
    keepSuspect(suspects, `forged-${index}`, suspectAt(0));
    const known = index % 1000 === 0 ? findSuspect(suspects, 'attacker', 0) : null;
    if (known !== null) keepSuspect(suspects, 'attacker', known);
  }
  expect(suspects.size).toBe(LIMITS.suspects.max);
  expect(findSuspect(suspects, 'attacker', 0)).not.toBeNull();
  expect(findSuspect(suspects, 'forged-0', 0)).toBeNull();
});

it('forgets a suspect after ten minutes', () => {
  const suspects: Suspects = new Map();
  keepSuspect(suspects, 'one', suspectAt(0));
  expect(findSuspect(suspects, 'one', 599_000_000)).not.toBeNull();
  expect(findSuspect(suspects, 'one', 600_000_000)).toBeNull();
  expect(suspects.size).toBe(0);
});
