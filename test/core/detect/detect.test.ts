import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileRules,
  createDetectState,
  describeRule,
  detect,
  ruleStatus,
  scoreOf,
  scoreStatus,
} from '../../../src/core/detect/detect.js';
import { addPoints } from '../../../src/core/detect/score/score.js';
import type { Detection, DetectState, RuleSet } from '../../../src/core/detect/detect.js';
import type { TrapEvent } from '../../../src/core/model/event.js';
import type { Rule } from '../../../src/core/model/rule.js';
import { parseRules } from '../../../src/config/rules/parse-rules.js';
import { request, toEvent } from './events.js';
import { builtInRules, builtInRuleSet, POLICY, START_US } from './replay.js';

const BASE = {
  id: 'r',
  name: 'R',
  version: 1,
  attack_type: 'sip_scan',
  severity: 'low',
  description: 'a test',
  points: 60,
};
// JSON is YAML.
const ruleOf = (changes: object): Rule => {
  const rule = parseRules(JSON.stringify({ ...BASE, ...changes }), 'test.yaml')[0];
  if (rule === undefined) throw new Error('no rule');
  return rule;
};
const COUNT = { by: 'source', distinct: 'to_user', over: 2, within: '10s' };

// Vitest types its matchers as any; this one stands for a text.
const OUT_OF_BOUNDS = expect.stringContaining('out of bounds') as string;

let nextId = 1;
function send(
  state: DetectState,
  ruleSet: RuleSet,
  user: string,
  atS: number,
  changes: Partial<TrapEvent> = {},
): Detection {
  const raw = request('REGISTER', { To: `<sip:${user}@x>` });
  const receivedAtUs = START_US + atS * 1e6;
  return detect(state, ruleSet, toEvent(raw, { id: nextId++, receivedAtUs, ...changes }), POLICY);
}

describe('a counting rule', () => {
  const check = (users: readonly [string, number][], firings: readonly number[]): void => {
    const state = createDetectState();
    const ruleSet = compileRules([ruleOf({ count: COUNT, mute: '1s' })]);
    const fired = users.map(([user, atS]) => send(state, ruleSet, user, atS).sightings.length);
    expect(fired.flatMap((times, index) => (times > 0 ? [index] : []))).toEqual(firings);
  };

  it('fires on the first value over the number allowed', () => {
    check(
      [
        ['a', 0],
        ['b', 1],
        ['c', 2],
      ],
      [2],
    );
  });
  it('does not count the same value again', () => {
    check(
      [
        ['a', 0],
        ['b', 1],
        ['a', 2],
        ['b', 3],
      ],
      [],
    );
  });
  it('forgets what lies before the window', () => {
    check(
      [
        ['a', 0],
        ['b', 1],
        ['c', 10],
      ],
      [],
    );
  });
  it('takes the last time that a value was seen', () => {
    check(
      [
        ['a', 0],
        ['b', 8],
        ['a', 9],
        ['c', 12],
      ],
      [3],
    );
  });
  it('is muted after a firing, and fires again after that', () => {
    check(
      [
        ['a', 0],
        ['b', 0],
        ['c', 0],
        ['d', 0.5],
        ['e', 1],
      ],
      [2, 4],
    );
  });

  it('tells exactly what counting everything anew would tell', () => {
    const step = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ max: 8, min: 1 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const state = createDetectState();
        const ruleSet = compileRules([ruleOf({ count: COUNT, mute: '1s' })]);
        const seen: [string, number][] = [];
        let atS = 0;
        for (const [user, gapS] of steps) {
          atS += gapS;
          seen.push([user, atS]);
          const recent = seen.filter(([, time]) => time > atS - 10);
          const more = new Set(recent.map(([name]) => name)).size > COUNT.over;
          expect(send(state, ruleSet, user, atS).attackType).toBe(more ? 'sip_scan' : null);
        }
      }),
    );
  });
});

describe('proof', () => {
  it('gives proven points only when proven events alone exceed', () => {
    const state = createDetectState();
    const ruleSet = compileRules([ruleOf({ count: COUNT, points_proven: 90 })]);
    const proven = { proof: 'nonce' } as const;
    send(state, ruleSet, 'a', 0, proven);
    send(state, ruleSet, 'b', 0);
    expect(send(state, ruleSet, 'c', 0, proven).sightings).toMatchObject([
      { points: 60, pointsProven: 0 },
    ]);
    const last = send(state, ruleSet, 'b', 1, proven);
    expect(last.sightings).toMatchObject([{ points: 90, pointsProven: 90 }]);
    expect(last.score.total).toBeGreaterThan(149);
    expect(last.score.proven).toBe(90);
  });

  it('takes no points away, where proof alone is not to block wholly', () => {
    const ruleSet = compileRules([ruleOf({ points: 60, points_proven: 0 })]);
    const { sightings } = send(createDetectState(), ruleSet, 'a', 0, { proof: 'nonce' });
    expect(sightings).toMatchObject([{ points: 60, pointsProven: 0 }]);
  });

  it('cannot be pushed out by forged packets', () => {
    const state = createDetectState();
    const ruleSet = compileRules([ruleOf({ count: COUNT })]);
    send(state, ruleSet, 'a', 0, { proof: 'nonce' });
    send(state, ruleSet, 'b', 0, { proof: 'nonce' });
    for (let n = 0; n < 50; n += 1) send(state, ruleSet, `forged${n}`, 1);
    const { sightings } = send(state, ruleSet, 'c', 2, { proof: 'nonce' });
    expect(sightings).toMatchObject([{ pointsProven: 60 }]);
  });
});

describe('detect', () => {
  it('names a retransmission but neither counts nor scores it', () => {
    const state = createDetectState();
    const ruleSet = compileRules([ruleOf({})]);
    const again = send(state, ruleSet, 'a', 0, { retransmission: true });
    expect(again).toMatchObject({ sightings: [], attackType: 'sip_scan', score: { total: 0 } });
    expect(send(state, ruleSet, 'a', 0).sightings).toHaveLength(1);
  });

  it('looks only at rules for the kind and the method', () => {
    const ruleSet = compileRules([
      ruleOf({ id: 'a', match: { methods: ['INVITE'] } }),
      ruleOf({ id: 'b', match: { kind: 'response' } }),
      ruleOf({ id: 'c', match: { kind: 'other' } }),
      ruleOf({ id: 'd' }),
    ]);
    const rulesOn = (raw: string): readonly string[] =>
      detect(createDetectState(), ruleSet, toEvent(raw), POLICY).sightings.map(({ rule }) => rule);
    expect(rulesOn(request('INVITE'))).toEqual(['a', 'd']);
    expect(rulesOn(request('REGISTER'))).toEqual(['d']);
    expect(rulesOn('SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n')).toEqual(['b']);
    expect(rulesOn('GET / HTTP/1.0\r\n\r\n')).toEqual(['c']);
  });

  it('takes a condition that fails for not met, counts and shows it, and goes on with the others', () => {
    const state = createDetectState();
    const bad = ruleOf({ id: 'bad', when: 'event.header_names[99] == "x"' });
    const ruleSet = compileRules([bad, ruleOf({ id: 'good', mute: '1s' })]);
    const first = send(state, ruleSet, 'a', 0);
    expect(first.faults).toEqual([{ rule: 'bad', message: OUT_OF_BOUNDS }]);
    expect(first.sightings).toMatchObject([{ rule: 'good' }]);
    expect(send(state, ruleSet, 'a', 30).faults).toEqual([]);
    expect(send(state, ruleSet, 'a', 61).faults).toHaveLength(1);
    expect(ruleStatus(state)).toMatchObject([
      { rule: 'bad', faults: 3, sightings: 0, fault: OUT_OF_BOUNDS },
      { rule: 'good', faults: 0, sightings: 3, fault: null },
    ]);
  });

  it('keeps what it counted when other rules come, and begins anew for a changed one', () => {
    const state = createDetectState();
    const rule = ruleOf({ count: COUNT });
    const sets = [compileRules([rule]), compileRules([rule, ruleOf({ id: 'other', points: 0 })])];
    const sighted = ['a', 'b', 'c', 'd'].map((user, n) => {
      const { sightings } = send(state, sets[n % 2] as RuleSet, user, n);
      return sightings.filter((each) => each.rule === rule.id).length;
    });
    // More than two values; then the rule is mute, for the same group.
    expect(sighted).toEqual([0, 0, 1, 0]);
    expect(ruleStatus(state)).toMatchObject([{ members: 3 }, { rule: 'other' }]);
    const changed = ruleOf({ count: { ...COUNT, over: 3 } });
    send(state, compileRules([changed]), 'c', 4);
    expect(ruleStatus(state)).toMatchObject([{ members: 1 }]);
  });

  it('holds its bounds: the least recently seen go first and are counted', () => {
    const state = createDetectState({ groupsMax: 3, scoredSourcesMax: 2 });
    const ruleSet = compileRules([ruleOf({ count: { ...COUNT, over: 0 } })]);
    for (let n = 1; n <= 5; n += 1) {
      send(state, ruleSet, 'a', n, { source: { address: `198.51.100.${n}`, port: 5060 } });
    }
    expect(ruleStatus(state)).toMatchObject([{ members: 3, evicted: 2 }]);
    expect(scoreStatus(state)).toEqual({ sources: 2, evicted: 3 });
    const at = START_US + 5e6;
    expect(scoreOf(state, '198.51.100.3', at, POLICY).total).toBe(0);
    expect(scoreOf(state, '198.51.100.5', at, POLICY).total).toBe(60);
  });

  it('holds the bound on counted values whatever the packets say', () => {
    const state = createDetectState({ recordsMax: 60 });
    const ruleSet = compileRules([ruleOf({ count: { ...COUNT, over: 8 } })]);
    for (let n = 0; n < 500; n += 1) {
      const source = { address: `198.51.${n % 100}.1`, port: 5060 };
      send(state, ruleSet, `${n}${'x'.repeat(n)}`, 0, { source });
      expect(ruleStatus(state)[0]?.members ?? 0).toBeLessThanOrEqual(60);
    }
  });

  it('gives the same detections for the same events', () => {
    const event = fc.tuple(fc.constantFrom('a', 'b', 'c', '3130300131'), fc.nat(20));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const play = (): readonly Detection[] => {
          nextId = 1;
          const state = createDetectState();
          return events.map(([user, atS]) => send(state, builtInRuleSet, user, atS));
        };
        expect(JSON.stringify(play())).toBe(JSON.stringify(play()));
      }),
    );
  });
});

describe('the score', () => {
  it('falls to its half in a half-life', () => {
    const state = createDetectState();
    const ruleSet = compileRules([ruleOf({})]);
    send(state, ruleSet, 'a', 0);
    const at = (s: number): number =>
      scoreOf(state, '198.51.100.1', START_US + s * 1e6, POLICY).total;
    expect([at(0), at(3_600), at(7_200), at(-5)]).toEqual([60, 30, 15, 60]);
  });

  it('is the same when sightings are read back, in whatever order', () => {
    const ruleSet = compileRules([ruleOf({ mute: '1s' })]);
    const live = createDetectState();
    const sightings = [0, 500, 4_000].flatMap((atS) => send(live, ruleSet, 'a', atS).sightings);
    for (const order of [sightings, [...sightings].reverse()]) {
      const restored = createDetectState();
      for (const sighting of order) {
        addPoints(restored.scores, sighting.source, sighting, POLICY);
      }
      const at = START_US + 5_000e6;
      expect(scoreOf(restored, '198.51.100.1', at, POLICY).total).toBeCloseTo(
        scoreOf(live, '198.51.100.1', at, POLICY).total,
      );
    }
  });

  it('has its reason with packet text escaped', () => {
    const state = createDetectState();
    const raw = request('OPTIONS', { 'User-Agent': 'evil\x1b[2J' });
    const { sightings } = detect(state, compileRules([ruleOf({})]), toEvent(raw), POLICY);
    expect(sightings[0]?.reason).toBe('R: OPTIONS over udp, User-Agent "evil\\x1b[2J"');
  });
});

describe('describeRule', () => {
  it('says a rule in words', () => {
    expect(describeRule(ruleOf({ count: COUNT }))).toBe(
      'more than 2 extensions in 10s from one source (any request)',
    );
    const plain = ruleOf({ match: { methods: ['OPTIONS'] } });
    expect(describeRule(plain)).toBe('each OPTIONS request: a test');
    for (const rule of builtInRules) expect(describeRule(rule)).not.toContain('\n');
  });
});

describe('context', () => {
  it.each([
    [{}, 'trap', true],
    [{}, 'hep', false],
    [{ context: 'any' }, 'trap', true],
    [{ context: 'any' }, 'capture', true],
    [{ context: 'trap' }, 'trap', true],
    [{ context: 'trap' }, 'log', false],
    [{ context: 'pbx' }, 'trap', false],
    [{ context: 'pbx' }, 'hep', true],
    [{ context: 'pbx' }, 'log', true],
  ] as const)('a rule with %o, an event of %s: %s', (rule, sensor, expected) => {
    const event = { ...toEvent(request('OPTIONS', {})), sensor };
    const { sightings } = detect(createDetectState(), compileRules([ruleOf(rule)]), event, POLICY);
    expect(sightings.length > 0).toBe(expected);
  });

  it('checks a rule of another context all the same', () => {
    const bad = ruleOf({ context: 'pbx' });
    expect(() => compileRules([{ ...bad, when: 'event.nothing == ""' }])).toThrow('nothing');
  });
});
