import { describe, expect, it } from 'vitest';
import { admitUnproven, createBreaker, settleBreaker } from '../../../src/core/block/breaker.js';

const MINUTE_US = 60_000_000;

describe('the spoof-storm breaker', () => {
  it('trips above its bound, and closes only after a calm minute', () => {
    const breaker = createBreaker();
    const wanted = (minute: number, times: number): boolean[] =>
      Array.from({ length: times }, () => admitUnproven(breaker, 2, minute * MINUTE_US));
    expect(wanted(10, 4)).toEqual([true, true, false, false]);
    expect(breaker.tripped).toBe(true);
    // The minute in which it tripped was not calm, so that the next one stays shut.
    expect(wanted(11, 2)).toEqual([false, false]);
    expect(wanted(12, 1)).toEqual([true]);
    expect(breaker).toMatchObject({ tripped: false, refused: 4 });
  });

  it('closes by itself when nothing comes any more', () => {
    const breaker = createBreaker();
    for (let index = 0; index < 3; index += 1) admitUnproven(breaker, 2, 10 * MINUTE_US);
    settleBreaker(breaker, 2, 11 * MINUTE_US);
    expect(breaker.tripped).toBe(true);
    settleBreaker(breaker, 2, 12 * MINUTE_US);
    expect(breaker.tripped).toBe(false);
  });
});
