import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRules } from '../../../src/config/rules/parse-rules.js';
import { compileRules, createDetectState, detect } from '../../../src/core/detect/detect.js';
import type { TrapEvent } from '../../../src/core/model/event.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { Rule } from '../../../src/core/model/rule.js';
import { request, toEvent } from './events.js';
import { countNaively, createMemory } from './naive-count.js';
import type { Outcome } from './naive-count.js';
import { POLICY, START_US } from './replay.js';

const BACK = 'event.to_host == "back"';
const ODD = 'event.to_host == "odd"';
const HOSTS: Readonly<Record<string, string>> = { [BACK]: 'back', [ODD]: 'odd' };

const seconds = (min: number, max: number) => fc.integer({ min, max }).map((s) => `${s}s`);
/** Present in half of the cases. */
const perhaps = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });

/** Counting by every kind of group, in a window or a bucket, with what goes with each. */
const count = fc
  .record({
    by: fc.constantFrom(
      'source',
      'source_prefix',
      'to_user',
      ['source', 'from_user'],
      ['source_site', 'from_user'],
      ['source', 'source_prefix'],
    ),
    distinct: perhaps(fc.constantFrom('to_user', 'from_user', 'source', 'source_port')),
    over: fc.integer({ min: 0, max: 6 }),
    time: fc.oneof(
      fc.record({ within: seconds(4, 40), apart: perhaps(seconds(1, 6)) }),
      fc.record({ within: seconds(10, 60), settle: seconds(2, 10) }),
      fc.record({ leak: seconds(1, 6) }),
    ),
    own: perhaps(fc.integer({ min: 2, max: 4 })),
    retransmissions: perhaps(fc.boolean()),
    forget_when: perhaps(fc.constant(BACK)),
  })
  .map(({ time, own, ...rest }) => ({
    ...rest,
    ...time,
    distinct: 'settle' in time ? (rest.distinct ?? 'to_user') : rest.distinct,
    own: rest.by.includes('source') ? undefined : own,
  }));

const rule = fc.record({
  count: perhaps(count),
  when: perhaps(fc.constant(ODD)),
  points_proven: fc.constantFrom(0, 60),
  mute: seconds(1, 12),
});

/** Each rule with points of its own, so that `pointsSeen` tells which one sees something. */
const written = (rules: readonly object[]): readonly Rule[] =>
  parseRules(
    rules
      .map((each, index) => ({
        id: `rule-${index}`,
        name: 'R',
        version: 1,
        attack_type: 'sip_scan',
        severity: 'low',
        description: 'a test',
        points: 60 + index,
        ...each,
      }))
      .map((each) => JSON.stringify(each))
      .join('\n---\n'),
    'test.yaml',
  );

const parts = {
  gapMs: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 100, 1_000, 2_000) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 }).map((n) => n * 100) },
  ),
  source: fc.constantFrom('198.51.100.1', '198.51.100.2', '198.51.100.3', '203.0.113.9'),
  port: fc.integer({ min: 1, max: 4 }),
  from: fc.constantFrom('', 'a', 'b'),
  to: fc.integer({ min: 0, max: 9 }),
  host: fc.constantFrom('odd', 'odd', 'plain', 'back'),
  proven: fc.boolean(),
  retransmission: fc.constantFrom(false, false, false, true),
};
const step = fc.record(parts);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const hostOf = ({ message }: TrapEvent): string => message.toHost ?? '';

function eventsOf(steps: readonly Step[]): readonly TrapEvent[] {
  let atUs = START_US;
  return steps.map(({ gapMs, source, port, from, to, host, proven, retransmission }, index) => {
    atUs += gapMs * 1_000;
    const raw = request('REGISTER', { From: `<sip:${from}@x>;tag=1`, To: `<sip:${to}@${host}>` });
    return toEvent(raw, {
      id: index + 1,
      receivedAtUs: atUs,
      source: { address: source, port },
      proof: proven ? 'nonce' : 'none',
      retransmission,
    });
  });
}

/** Both count the same events: on each of them every rule must tell the same. */
function check(rules: readonly Rule[], events: readonly TrapEvent[]): void {
  const ruleSet = compileRules(rules);
  const state = createDetectState();
  const memory = createMemory();
  for (const event of events) {
    const found = detect(state, ruleSet, event, POLICY);
    const expected = countNaively(
      memory,
      rules,
      event,
      (condition) => hostOf(event) === HOSTS[condition],
      LIMITS.ruleUnsettledMax,
    );
    expect(
      found.sightings.map(({ rule, pointsProven, eventIds }) => [rule, pointsProven, eventIds]),
    ).toEqual(rules.flatMap((rule, index) => sightingOf(rule, expected[index] ?? null)));
    const seen = rules.filter((_, index) => expected[index] !== null);
    expect(found.pointsSeen).toBe(Math.max(0, ...seen.map(({ points }) => points)));
  }
}

function sightingOf({ id, pointsProven }: Rule, outcome: Outcome): readonly unknown[] {
  if (outcome === null || outcome === 'seen') return [];
  return [[id, outcome.proven ? pointsProven : 0, outcome.eventIds]];
}

it('counts as the naive model does, whatever the rules and the events', () => {
  const rules = fc.array(rule, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(rules, fc.array(step, { minLength: 20, maxLength: 120 }), (some, steps) => {
      check(written(some), eventsOf(steps));
    }),
    { numRuns: 300 },
  );
});

it('gives up values that do not settle as the naive model does', () => {
  const settled = { distinct: 'to_user', over: 2, within: '60s', settle: '5s', by: 'source' };
  const many = fc.record({
    ...parts,
    gapMs: fc.constantFrom(0, 10, 10, 200),
    to: fc.integer({ min: 0, max: 400 }),
    source: fc.constant('198.51.100.1'),
  });
  fc.assert(
    fc.property(fc.array(many, { minLength: 200, maxLength: 300 }), (steps) => {
      check(written([{ count: settled, mute: '1s' }]), eventsOf(steps));
    }),
    { numRuns: 20 },
  );
});
