import { describe, expect, it } from 'vitest';
import { admitUnproven, createBreaker, settleBreaker } from '../../../src/core/block/breaker.js';
import { cidrOf } from '../../../src/core/common/address.js';

const MINUTE_US = 60_000_000;

interface Wanted {
  readonly max?: number;
  readonly isNew?: boolean;
  readonly answered?: number;
  /** Each from another wide network unless it is given. */
  readonly network?: string;
}

function createStorm() {
  const breaker = createBreaker();
  let sources = 0;
  /** How many of so many sources were let through. */
  const want = (minute: number, times: number, how: Wanted = {}): number => {
    let admitted = 0;
    for (let index = 0; index < times; index += 1) {
      sources += 1;
      const wide = how.network ?? `10.${sources % 256}`;
      const target = cidrOf(`${wide}.${(sources >> 8) % 256}.${sources % 256}`, 32);
      if (target === null) throw new Error('no target');
      const { isNew = true, answered = 0, max = 10 } = how;
      const candidate = { target, isNew, answered };
      if (admitUnproven(breaker, candidate, max, minute * MINUTE_US)) admitted += 1;
    }
    return admitted;
  };
  return { breaker, want };
}

describe('the spoof-storm breaker', () => {
  it('trips above its bound, and closes only after a calm minute', () => {
    const { breaker, want } = createStorm();
    expect(want(10, 14)).toBe(10);
    expect(breaker.tripped).toBe(true);
    expect(breaker.reason).toBe('more than 10 new unproven sources in a minute');
    // The minute in which it tripped was not calm, so that the next one stays shut.
    expect(want(11, 2)).toBe(0);
    expect(want(12, 1)).toBe(1);
    expect(breaker).toMatchObject({ tripped: false, reason: null, refused: 6 });
  });

  it('closes by itself when nothing comes any more', () => {
    const { breaker, want } = createStorm();
    want(10, 11);
    settleBreaker(breaker, 10, 11 * MINUTE_US);
    expect(breaker.tripped).toBe(true);
    settleBreaker(breaker, 10, 12 * MINUTE_US);
    expect(breaker.tripped).toBe(false);
  });

  it('lets through who went on after our answers, as many in a minute as before', () => {
    const { want } = createStorm();
    want(10, 14);
    expect(want(10, 1, { isNew: false, answered: 19 })).toBe(0);
    expect(want(10, 30, { isNew: false, answered: 20 })).toBe(10);
    expect(want(11, 30, { isNew: false, answered: 20 })).toBe(10);
  });

  it('is not held open by a suspect that asks again and again', () => {
    const { breaker, want } = createStorm();
    want(10, 14);
    want(11, 500, { isNew: false });
    want(12, 1);
    expect(breaker.tripped).toBe(false);
  });

  it('keeps a storm in the name of one network to that network', () => {
    const { breaker, want } = createStorm();
    expect(want(10, 500, { network: '203.0' })).toBe(5);
    expect(breaker).toMatchObject({ tripped: false });
    expect(breaker.reason).toBe('more than 5 new unproven sources of 203.0.0.0/16 in a minute');
    expect(want(10, 1, { network: '198.51' })).toBe(1);
    settleBreaker(breaker, 10, 12 * MINUTE_US);
    expect(want(12, 1, { network: '203.0' })).toBe(1);
    expect(breaker.reason).toBeNull();
  });

  it('remembers a bounded number of networks', () => {
    const { breaker } = createStorm();
    for (let index = 0; index < 20_000; index += 1) {
      const target = cidrOf(`${index % 200}.${Math.floor(index / 200)}.0.1`, 32);
      if (target === null) throw new Error('no target');
      admitUnproven(breaker, { target, isNew: true, answered: 0 }, 1e6, MINUTE_US);
    }
    expect(breaker.newByNetwork.size).toBe(10_000);
  });
});
