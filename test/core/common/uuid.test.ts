import { expect, it } from 'vitest';
import { makeUuid } from '../../../src/core/common/uuid.js';

const NOW_US = 1_767_225_600_123_456;

it.each([
  ['an event', NOW_US, 1, 1, '019b76da-a87b-71c8-8000-000100000001'],
  [
    'the next one of the same millisecond',
    NOW_US + 1,
    1,
    2,
    '019b76da-a87b-71c9-8000-000100000002',
  ],
  ['one of the next millisecond', NOW_US + 544, 1, 3, '019b76da-a87c-7000-8000-000100000003'],
  ['one of another start', NOW_US, 2 ** 30 - 1, 1, '019b76da-a87b-71c8-bfff-ffff00000001'],
  ['the first again', NOW_US, 1, 1, '019b76da-a87b-71c8-8000-000100000001'],
  ['a number beyond 32 bits', NOW_US, 1, 2 ** 32 + 5, '019b76da-a87b-71c8-8000-000100000005'],
])('%s', (_, nowUs, seed, sequence, expected) => {
  expect(makeUuid(nowUs, seed, sequence)).toBe(expected);
});
