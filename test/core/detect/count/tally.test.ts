import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileRules, createDetectState, detect } from '../../../../src/core/detect/detect.js';
import { parseRules } from '../../../../src/config/rules/parse-rules.js';
import { request, toEvent } from '../events.js';
import { BASE, RULES, written } from '../tally-rules.js';
import { POLICY, START_US } from '../replay.js';

interface Step {
  readonly user: number;
  readonly gapS: number;
  readonly back: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  user: fc.integer({ min: 0, max: 16 }),
  gapS: fc.integer({ min: 1, max: 4 }),
  back: fc.boolean(),
});

/** What each rule alone tells: is it over its bound with this step? */
function alone(rule: object, steps: readonly Step[]): readonly boolean[] {
  return play([rule], steps).map((fired) => fired.length > 0);
}

/** For each step the rules that see an attack in it; a mute rule still does. */
function play(rules: readonly object[], steps: readonly Step[]): readonly (readonly string[])[] {
  const ruleSet = compileRules(parseRules(written(rules), 'test.yaml'));
  const state = createDetectState();
  let atS = 0;
  return steps.map(({ user, gapS, back }, index) => {
    atS += gapS;
    const raw = request('REGISTER', { To: `<sip:${user}@x>`, CSeq: `${back ? 2 : 1} REGISTER` });
    const event = toEvent(raw, { id: index + 1, receivedAtUs: START_US + atS * 1e6 });
    return detect(state, ruleSet, event, POLICY).sightings.map(({ rule }) => rule);
  });
}

it.each(['few', 'many', 'settled'])('%s tells beside others what it tells alone', (id) => {
  const rule = RULES.find((each) => each.id === id) ?? {};
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const together = play(RULES, steps).map((fired) => fired.includes(id));
      expect(together).toEqual(alone(rule, steps));
    }),
    { numRuns: 30 },
  );
});

interface Seen {
  readonly atS: number;
  readonly again: boolean;
}

it.each([false, true])(
  'tells with many settled values what counting anew would tell (values are taken back: %s)',
  (takesBack) => {
    const settled = RULES.find(({ id }) => id === 'settled');
    const forget = takesBack ? { forget_when: 'event.cseq == 2' } : {};
    const rule = { ...settled, count: { ...settled?.count, ...forget } };
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 150 }), (steps) => {
        const fired = alone(rule, steps);
        let atS = 0;
        const seen = new Map<number, Seen>();
        let mutedUntilS = 0;
        steps.forEach(({ user, gapS, back }, index) => {
          atS += gapS;
          for (const [each, { atS: lastS }] of seen) if (atS - lastS >= 120) seen.delete(each);
          if (takesBack && back) {
            seen.delete(user);
            return;
          }
          // While it is mute the rule does not count what the source does.
          if (atS < mutedUntilS) {
            expect(fired[index]).toBe(false);
            return;
          }
          seen.set(user, { atS, again: seen.has(user) });
          const counted = [...seen.values()].filter((each) => !each.again && atS - each.atS >= 20);
          expect(fired[index]).toBe(counted.length > 3);
          if (counted.length > 3) mutedUntilS = atS + 1;
        });
      }),
      { numRuns: 60 },
    );
  },
);

it.each([2, 12])(
  'fires on proof though it is mute for unproven events: more than %d values',
  (over) => {
    const count = { by: 'source', distinct: 'to_user', over, within: '1h' };
    const rule = { ...BASE, id: 'proof', mute: '1h', count };
    const ruleSet = compileRules(parseRules(written([rule]), 'test.yaml'));
    const state = createDetectState();
    const fired = Array.from({ length: 2 * (over + 1) }, (_, n) => {
      const raw = request('REGISTER', { To: `<sip:${n}@x>` });
      const proof = n > over ? 'nonce' : 'none';
      const receivedAtUs = START_US + n * 1e6;
      const { sightings } = detect(
        state,
        ruleSet,
        toEvent(raw, { id: n + 1, receivedAtUs, proof }),
        POLICY,
      );
      return sightings.map(({ pointsProven }) => pointsProven);
    });
    const quiet = Array.from({ length: over }, () => []);
    expect(fired).toEqual([...quiet, [0], ...quiet, [60]]);
  },
);

it('counts events in a window as counting anew would', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 200 }), (gaps) => {
      const count = { by: 'source', over: 15, within: '40s' };
      const ruleSet = compileRules(
        parseRules(written([{ ...BASE, id: 'events', count }]), 'test.yaml'),
      );
      const state = createDetectState();
      let atS = 0;
      const times: number[] = [];
      let mutedUntilS = 0;
      gaps.forEach((gapS, index) => {
        atS += gapS;
        const receivedAtUs = START_US + atS * 1e6;
        const event = toEvent(request('REGISTER'), { id: index + 1, receivedAtUs });
        const { sightings } = detect(state, ruleSet, event, POLICY);
        if (atS >= mutedUntilS) times.push(index);
        const recent = times.filter((each) => {
          const itsS = gaps.slice(0, each + 1).reduce((sum, gap) => sum + gap, 0);
          return atS - itsS < 40;
        });
        const fires = atS >= mutedUntilS && recent.length > 15;
        expect(sightings.length).toBe(fires ? 1 : 0);
        if (!fires) return;
        mutedUntilS = atS + 1;
        // Of more than it takes the last ones are told.
        const told = sightings[0]?.eventIds ?? [];
        const ids = recent.slice(-16).map((each) => each + 1);
        expect(told).toEqual(ids.slice(-told.length));
      });
    }),
    { numRuns: 60 },
  );
});

it('lets who names too many values too fast rest from the slow rules, and looks again after that', () => {
  const rule = RULES.filter(({ id }) => id === 'settled');
  const steps = Array.from({ length: 90 }, (_, n): Step => ({ user: n, gapS: 0.1, back: false }));
  expect(play(rule, steps).flat()).toEqual([]);
  const slow = Array.from({ length: 9 }, (_, n): Step => ({
    user: 100 + n,
    gapS: 11,
    back: false,
  }));
  expect(play(rule, [...steps, ...slow]).flat()).not.toEqual([]);
});

it('counts after a rest as if nothing had been before it', () => {
  const rule = RULES.filter(({ id }) => id === 'settled');
  const fast = Array.from({ length: 70 }, (_, n): Step => ({ user: n, gapS: 0.1, back: false }));
  const slow = Array.from({ length: 5 }, (_, n): Step => {
    return { user: 100 + n, gapS: n === 0 ? 140 : 21, back: false };
  });
  // The fifth comes when four have settled.
  expect(
    play(rule, [...fast, ...slow])
      .map((fired) => fired.length)
      .indexOf(1),
  ).toBe(74);
});
