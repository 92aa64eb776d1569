import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  compileRules,
  createDetectState,
  detect,
  ruleStatus,
} from '../../../src/core/detect/detect.js';
import { takeBlock } from '../../../src/core/detect/arena.js';
import { WORDS_MAX } from '../../../src/core/detect/group-block.js';
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

it('gives back what it took when groups go', () => {
  const state = createDetectState({ groupsMax: 5 });
  const ruleSet = compileRules(parseRules(written(RULES), 'test.yaml'));
  for (let n = 0; n < 400; n += 1) {
    const raw = request('REGISTER', { To: `<sip:${n % 23}@x>` });
    const source = { address: `198.51.100.${n % 4}`, port: 5060 };
    const receivedAtUs = START_US + Math.floor(n / 4) * 2e6;
    detect(state, ruleSet, toEvent(raw, { id: n + 1, receivedAtUs, source }), POLICY);
  }
  const before = state.groups.arena.used;
  expect(before).toBeGreaterThan(200);
  // Others come, and push all of these out.
  for (let n = 0; n < 5; n += 1) {
    const source = { address: `203.0.113.${n}`, port: 5060 };
    const receivedAtUs = START_US + 400e6;
    detect(state, ruleSet, toEvent(request('OPTIONS'), { id: 1000, receivedAtUs, source }), POLICY);
  }
  for (const { members } of ruleStatus(state)) expect(members).toBeLessThanOrEqual(5);
  expect(state.groups.arena.used).toBeLessThanOrEqual(5 * 24);
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

it('goes on where there is no room for longer lists', () => {
  const count = { by: 'source', distinct: 'to_user', over: 1_000, within: '1d' };
  const ruleSet = compileRules(parseRules(written([{ ...BASE, id: 'r', count }]), 'test.yaml'));
  const state = createDetectState({ cellsMax: 2_000_000 });
  // Groups are not given up for it here.
  Object.assign(state.limits, { cellsMax: Infinity });
  const { arena } = state.groups;
  // All but a few pages are taken by others.
  while (arena.pagesMax - arena.nextPage > 8) takeBlock(arena, 8_192, 1);
  for (let n = 0; n < 12_000; n += 1) {
    const raw = request('REGISTER', { To: `<sip:${n}@x>` });
    const source = { address: `198.51.100.${n % 20}`, port: 5060 };
    const event = toEvent(raw, { id: n + 1, receivedAtUs: START_US + n * 1_000, source });
    detect(state, ruleSet, event, POLICY);
  }
  expect(arena.nextPage).toBe(arena.pagesMax);
  const members = ruleStatus(state)[0]?.members ?? 0;
  expect(members).toBeGreaterThan(3_000);
  expect(members).toBeLessThan(12_000);
});

it('begins anew when there are no words for more rules', () => {
  const state = createDetectState();
  const rule = {
    ...BASE,
    id: 'r',
    count: { by: 'source', distinct: 'to_user', over: 1, within: '1h' },
  };
  const other = { ...rule, id: 'other' };
  const setOf = (...rules: object[]) => compileRules(parseRules(written(rules), 'test.yaml'));
  const send = (user: string, ruleSet: ReturnType<typeof setOf>) =>
    detect(state, ruleSet, toEvent(request('REGISTER', { To: `<sip:${user}@x>` }), {}), POLICY);
  send('a', setOf(rule));
  state.tags.next = WORDS_MAX / 2 - 4;
  const both = setOf(rule, other);
  expect(send('b', both).sightings).toEqual([]);
  expect(send('c', both).sightings.map(({ rule: id }) => id)).toEqual(['r', 'other']);
  expect(ruleStatus(state).map(({ members }) => members)).toEqual([2, 2]);
});
