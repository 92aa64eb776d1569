import { describe, expect, it } from 'vitest';
import { ofThePast } from '../../../src/agent/sensors/late-effects.js';
import type { Effect } from '../../../src/core/flow.js';

const add = (target: string, timeoutS: number | null): Effect => ({
  kind: 'firewall',
  change: { kind: 'add', target, scope: 'sip', timeoutS },
});

describe('what a log tells late', () => {
  it('holds for what is left of its time, and not at all when that is over', () => {
    const late = ofThePast([add('a', 600), add('b', 60), add('c', null)], 90_000_000);
    expect(late).toEqual({ effects: [add('a', 510), add('c', null)], over: ['b'] });
  });

  it('is as it was when it is told at once, also by a clock that is ahead', () => {
    const effects = [add('a', 600)];
    expect(ofThePast(effects, 0)).toEqual({ effects, over: [] });
    expect(ofThePast(effects, -5_000_000)).toEqual({ effects, over: [] });
  });
});
