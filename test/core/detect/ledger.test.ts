import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  compileRules,
  createDetectState,
  detect,
  ruleStatus,
} from '../../../src/core/detect/detect.js';
import { parseRules } from '../../../src/config/parse-rules.js';
import { request, toEvent } from './events.js';
import { POLICY, START_US } from './replay.js';

const BASE = {
  name: 'R',
  version: 1,
  attack_type: 'sip_scan',
  severity: 'low',
  description: 'a test',
  points: 60,
  mute: '1s',
};
const ODD = 'event.to_user.endsWith("1") || event.to_user.endsWith("3")';
/** Three rules that share the records of their values, and one whose values must settle. */
const RULES = [
  { id: 'few', count: { by: 'source', distinct: 'to_user', over: 2, within: '30s' } },
  { id: 'odd', when: ODD, count: { by: 'source', distinct: 'to_user', over: 1, within: '10s' } },
  {
    id: 'many',
    count: {
      by: 'source',
      distinct: 'to_user',
      over: 12,
      within: '60s',
      forget_when: 'event.cseq == 2',
    },
  },
  {
    id: 'settled',
    count: { by: 'source', distinct: 'to_user', over: 3, within: '120s', settle: '20s' },
  },
].map((rule) => ({ ...BASE, ...rule }));

/** JSON is YAML. */
const written = (rules: readonly object[]): string =>
  rules.map((rule) => JSON.stringify(rule)).join('\n---\n');

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

it('tells with many settled values what counting anew would tell', () => {
  const rule = RULES.find(({ id }) => id === 'settled') ?? {};
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
      const fired = alone(rule, steps);
      let atS = 0;
      const seen: { user: number; atS: number }[] = [];
      let mutedUntilS = 0;
      steps.forEach(({ user, gapS }, index) => {
        atS += gapS;
        // While it is mute the rule does not count what the source does.
        if (atS < mutedUntilS) {
          expect(fired[index]).toBe(false);
          return;
        }
        seen.push({ user, atS });
        const settled = [...new Set(seen.map((each) => each.user))].filter((each) => {
          const times = seen.filter((other) => other.user === each);
          const first = times[0]?.atS ?? 0;
          return times.length === 1 && atS - first >= 20 && atS - first < 120;
        });
        expect(fired[index]).toBe(settled.length > 3);
        if (settled.length > 3) mutedUntilS = atS + 1;
      });
    }),
    { numRuns: 30 },
  );
});

it('gives back what it took when groups go', () => {
  const state = createDetectState({ groupsMax: 5 });
  const ruleSet = compileRules(parseRules(written(RULES), 'test.yaml'));
  for (let n = 0; n < 400; n += 1) {
    const raw = request('REGISTER', { To: `<sip:${n % 23}@x>` });
    const source = { address: `198.51.100.${n % 4}`, port: 5060 };
    const receivedAtUs = START_US + Math.floor(n / 4) * 2e6;
    detect(state, ruleSet, toEvent(raw, { id: n + 1, receivedAtUs, source }), POLICY);
  }
  const before = state.groups.records.size;
  expect(before).toBeGreaterThan(20);
  // Others come, and push all of these out.
  for (let n = 0; n < 5; n += 1) {
    const source = { address: `203.0.113.${n}`, port: 5060 };
    const receivedAtUs = START_US + 400e6;
    detect(state, ruleSet, toEvent(request('OPTIONS'), { id: 1000, receivedAtUs, source }), POLICY);
  }
  for (const { members } of ruleStatus(state)) expect(members).toBeLessThanOrEqual(5);
  expect(state.groups.records.size).toBeLessThanOrEqual(20);
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
