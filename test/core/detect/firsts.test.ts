import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRules } from '../../../src/config/parse-rules.js';
import {
  compileRules,
  createDetectState,
  detect,
  ruleStatus,
} from '../../../src/core/detect/detect.js';
import type { DetectState, RuleSet } from '../../../src/core/detect/detect.js';
import { request, toEvent } from './events.js';
import { POLICY, START_US } from './replay.js';

const ruleWith = (changes: object): object => ({
  id: 'shared',
  name: 'R',
  version: 1,
  attack_type: 'sip_scan',
  severity: 'low',
  description: 'one From tag of several sources',
  points: 60,
  mute: '1s',
  count: { by: 'from_tag', distinct: 'source', over: 1, within: '30s' },
  ...changes,
});

const compiled = (...rules: object[]): RuleSet =>
  compileRules(parseRules(rules.map((rule) => JSON.stringify(rule)).join('\n---\n'), 'test.yaml'));

interface Step {
  readonly tag: number;
  readonly source: number;
  readonly gapS: number;
  readonly proven: boolean;
  readonly odd: boolean;
}

const steps = fc.array(
  fc.record({
    tag: fc.integer({ min: 1, max: 5 }),
    source: fc.integer({ min: 1, max: 4 }),
    // Longer than a rule is mute.
    gapS: fc.integer({ min: 2, max: 12 }),
    proven: fc.boolean(),
    odd: fc.boolean(),
  }),
  { minLength: 10, maxLength: 80 },
);

let atS = 0;

function send(state: DetectState, ruleSet: RuleSet, step: Step, id: number) {
  atS += step.gapS;
  const raw = request('OPTIONS', {
    From: `<sip:100@x>;tag=t${step.tag}`,
    To: `<sip:${step.odd ? 1 : 2}@x>`,
  });
  const event = toEvent(raw, {
    id,
    receivedAtUs: START_US + atS * 1e6,
    source: { address: `203.0.113.${step.source}`, port: 5060 },
    proof: step.proven ? 'nonce' : 'none',
  });
  return detect(state, ruleSet, event, POLICY).sightings;
}

/** What counting in plain words gives: the last event of each source that used the step's tag. */
function lastOfEach(all: readonly (Step & { atS: number })[], index: number, withinS: number) {
  const now = all[index];
  const last = new Map<number, number>();
  all.slice(0, index + 1).forEach((each, at) => {
    if (each.tag === now?.tag) last.set(each.source, at);
  });
  return [...last.values()].filter((at) => (now?.atS ?? 0) - (all[at]?.atS ?? 0) < withinS);
}

describe('what one source alone sent', () => {
  const step = { tag: 1, source: 1, gapS: 2, proven: false, odd: true };
  const count = { by: 'from_tag', distinct: 'source', within: '1d' };
  const keen = ruleWith({ id: 'keen', when: 'event.to_user == "1"', count: { ...count, over: 0 } });
  const fickle = ruleWith({
    id: 'fickle',
    count: { ...count, over: 5, forget_when: 'event.to_user == "3"' },
  });

  it.each([1, 2])('counts from the first event on: more than %d sources', (over) => {
    fc.assert(
      fc.property(steps, (sent) => {
        const count = { by: 'from_tag', distinct: 'source', over, within: '30s' };
        const ruleSet = compiled(ruleWith({ count }));
        const state = createDetectState();
        let sumS = 0;
        const timed = sent.map((each) => ({ ...each, atS: (sumS += each.gapS) }));
        sent.forEach((each, index) => {
          const sightings = send(state, ruleSet, each, index + 1);
          const behind = lastOfEach(timed, index, 30);
          expect(sightings.length).toBe(behind.length > over ? 1 : 0);
          if (sightings[0] === undefined || sightings[0].pointsProven > 0) return;
          // A ledger keeps no more values than can exceed it: the last ones.
          const ids = behind.map((at) => at + 1).sort((one, other) => one - other);
          expect(sightings[0].eventIds).toEqual(ids.slice(-1 - over));
        });
      }),
      { numRuns: 60 },
    );
  });

  it('counts for each rule that shares the ledger, and for none else', () => {
    fc.assert(
      fc.property(steps, (sent) => {
        const count = { by: 'from_tag', distinct: 'source', over: 1, within: '1d' };
        const odd = ruleWith({ id: 'odd', when: 'event.to_user == "1"', count });
        const ruleSet = compiled(ruleWith({ count }), odd);
        const state = createDetectState();
        sent.forEach((each, index) => {
          const rules = send(state, ruleSet, each, index + 1).map(({ rule }) => rule);
          const before = sent.slice(0, index + 1).filter(({ tag }) => tag === each.tag);
          const sourcesOf = (some: readonly Step[]) => new Set(some.map(({ source }) => source));
          expect(rules.includes('shared')).toBe(sourcesOf(before).size > 1);
          const odds = sourcesOf(before.filter((other) => other.odd));
          expect(rules.includes('odd')).toBe(each.odd && odds.size > 1);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('counts proven events alone by themselves', () => {
    const ruleSet = compiled(ruleWith({}));
    const state = createDetectState();
    const points = [
      step,
      { ...step, source: 2, proven: true },
      { ...step, source: 1, proven: true },
    ].map((each, index) => send(state, ruleSet, each, index + 1)[0]?.pointsProven);
    expect(points).toEqual([undefined, 0, 60]);
  });

  it.each([
    ['tells at once', keen, ['keen']],
    ['takes back', fickle, []],
  ])('counts beside a rule of the same ledger that %s', (_, other, atFirst) => {
    const ruleSet = compiled(other, ruleWith({}));
    const state = createDetectState();
    const rules = [step, { ...step, source: 2, odd: false }].map((each, index) =>
      send(state, ruleSet, each, index + 1).map(({ rule }) => rule),
    );
    expect(rules).toEqual([atFirst, ['shared']]);
  });

  it('counts when such a rule comes later, and is given up when its rule goes', () => {
    const state = createDetectState();
    send(state, compiled(ruleWith({})), step, 1);
    const both = compiled(ruleWith({}), keen);
    const sightings = send(state, both, { ...step, source: 2, odd: false }, 2);
    expect(sightings.map(({ rule }) => rule)).toEqual(['shared']);
    expect(ruleStatus(state)[0]?.members).toBe(2);
    const other = createDetectState();
    send(other, compiled(ruleWith({})), step, 1);
    send(other, compiled(ruleWith({ count: { by: 'source', over: 5, within: '1d' } })), step, 2);
    send(other, compiled(ruleWith({})), { ...step, tag: 2 }, 3);
    expect(send(other, compiled(ruleWith({})), { ...step, source: 2 }, 4)).toEqual([]);
  });

  it('is not new again when its time has come round', () => {
    const ruleSet = compiled(ruleWith({ count: { ...count, over: 1 } }));
    const state = createDetectState({ firstsMax: 16 });
    send(state, ruleSet, step, 1);
    for (let day = 1; day < 120; day += 1) {
      send(state, ruleSet, { ...step, tag: 2 + (day % 2), gapS: 86_400 }, day + 1);
    }
    expect(send(state, ruleSet, { ...step, source: 2, gapS: 86_400 }, 200)).toEqual([]);
  });

  it('takes no group, and is given up and counted when there is too much of it', () => {
    const ruleSet = compiled(ruleWith({}));
    const state = createDetectState({ firstsMax: 16 });
    const now = { ...step, gapS: 0 };
    for (let tag = 0; tag < 100; tag += 1) send(state, ruleSet, { ...now, tag }, tag + 1);
    expect(state.groups.keys.size).toBe(0);
    const evicted = (): number => ruleStatus(state)[0]?.evicted ?? 0;
    expect(evicted()).toBeGreaterThanOrEqual(84);
    // What is past its window is no loss.
    const before = evicted();
    atS += 40;
    for (let tag = 100; tag < 116; tag += 1) send(state, ruleSet, { ...now, tag }, tag + 1);
    expect(evicted() - before).toBeLessThan(12);
  });
});
