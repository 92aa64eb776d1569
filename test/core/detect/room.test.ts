import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  compileRules,
  createDetectState,
  detect,
  ruleStatus,
} from '../../../src/core/detect/detect.js';
import type { DetectState } from '../../../src/core/detect/detect.js';
import { makeRoom } from '../../../src/core/detect/count/groups.js';
import { createRecords, giveRecords, takeRecord } from '../../../src/core/detect/count/records.js';
import { parseRules } from '../../../src/config/rules/parse-rules.js';
import { request, toEvent } from './events.js';
import { POLICY, START_US } from './replay.js';
import { BASE, RULES, written } from './tally-rules.js';

const forgetAll = ({ groups, onForget }: DetectState): void => {
  makeRoom(groups, Infinity, 0, START_US, onForget);
};

it('gives back what it took when groups go', () => {
  const state = createDetectState({ groupsMax: 5 });
  const ruleSet = compileRules(parseRules(written(RULES), 'test.yaml'));
  for (let n = 0; n < 400; n += 1) {
    const raw = request('REGISTER', { To: `<sip:${n % 23}@x>` });
    const source = { address: `198.51.100.${n % 4}`, port: 5060 };
    const receivedAtUs = START_US + Math.floor(n / 4) * 2e6;
    detect(state, ruleSet, toEvent(raw, { id: n + 1, receivedAtUs, source }), POLICY);
  }
  expect(state.groups.records.used).toBeGreaterThan(50);
  // Others come, and push all of these out.
  for (let n = 0; n < 5; n += 1) {
    const source = { address: `203.0.113.${n}`, port: 5060 };
    const receivedAtUs = START_US + 400e6;
    detect(state, ruleSet, toEvent(request('OPTIONS'), { id: 1000, receivedAtUs, source }), POLICY);
  }
  // One record holds a tally and its only value.
  for (const { members } of ruleStatus(state)) expect(members).toBeLessThanOrEqual(5);
  expect(state.groups.records.used).toBeLessThanOrEqual(5 * RULES.length);
});

it('keeps the count of what it holds, and loses no record, whatever comes', () => {
  const others = [
    { id: 'leaks', count: { by: 'source', distinct: 'to_user', over: 9, leak: '1s' } },
    { id: 'apart', count: { by: 'to_user', over: 3, within: '60s', apart: '2s' } },
    {
      id: 'network',
      count: { by: 'source_prefix', distinct: 'to_user', over: 9, own: 2, within: '9s' },
    },
  ].map((rule) => ({ ...BASE, ...rule }));
  const ruleSet = compileRules(parseRules(written([...RULES, ...others]), 'test.yaml'));
  const some = fc.record({
    user: fc.integer({ min: 0, max: 150 }),
    source: fc.integer({ min: 1, max: 2 }),
    gapS: fc.oneof(
      { weight: 300, arbitrary: fc.constant(0.01) },
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 5 }) },
      { weight: 2, arbitrary: fc.integer({ min: 20, max: 200 }) },
    ),
    back: fc.boolean(),
    proven: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(some, { minLength: 400, maxLength: 900 }), (steps) => {
      const state = createDetectState({ groupsMax: 40 });
      let atS = 0;
      steps.forEach(({ user, source, gapS, back, proven }, index) => {
        atS += gapS;
        const raw = request('REGISTER', {
          To: `<sip:${user}@x>`,
          CSeq: `${back && user % 3 === 0 ? 2 : 1} REGISTER`,
        });
        const event = toEvent(raw, {
          id: index + 1,
          receivedAtUs: START_US + atS * 1e6,
          source: { address: `198.51.100.${source}`, port: 5060 },
          proof: proven ? 'nonce' : 'none',
        });
        detect(state, ruleSet, event, POLICY);
      });
      const { records, keys } = state.groups;
      const held = ruleStatus(state).reduce((sum, { members }) => sum + members, 0);
      expect(held).toBeGreaterThan(0);
      forgetAll(state);
      expect([records.used, keys.records.used]).toEqual([0, 0]);
      expect(ruleStatus(state).map(({ members }) => members)).toEqual(ruleSet.rules.map(() => 0));
      // Each record is free once.
      const free = new Set<number>();
      for (let at = records.free; at !== 0; at = records.ints[at << 3] ?? 0) {
        expect(free.has(at)).toBe(false);
        free.add(at);
      }
      expect(free.size).toBe(records.next - 1);
    }),
    { numRuns: 40 },
  );
});

it('gives up who was not seen for longest where there is little room, also within a minute', () => {
  const count = { by: 'source', distinct: 'to_user', over: 20, within: '1h' };
  const ruleSet = compileRules(parseRules(written([{ ...BASE, id: 'r', count }]), 'test.yaml'));
  const state = createDetectState({ recordsMax: 80 });
  let id = 0;
  const send = (address: string, user: string, atS: number): number => {
    id += 1;
    const receivedAtUs = START_US + atS * 1e6;
    const raw = request('REGISTER', { To: `<sip:${user}@x>` });
    const event = toEvent(raw, { id, receivedAtUs, source: { address, port: 5060 } });
    const { length } = detect(state, ruleSet, event, POLICY).sightings;
    expect(state.groups.records.used).toBeLessThanOrEqual(80);
    return length;
  };
  const fired = Array.from({ length: 21 }, (_, second) => {
    for (let n = 0; n < 30; n += 1) send(`203.0.${second}.${n}`, 'a', second);
    return send('198.51.100.1', String(second), second);
  });
  expect(fired.indexOf(1)).toBe(20);
  expect(ruleStatus(state)[0]?.evicted).toBeGreaterThan(100);
});

it('forgets in passing what counts no more', () => {
  const count = { by: 'source', distinct: 'to_user', over: 5, within: '10s' };
  const ruleSet = compileRules(parseRules(written([{ ...BASE, id: 'r', count }]), 'test.yaml'));
  const state = createDetectState();
  for (let n = 0; n < 200; n += 1) {
    const source = { address: `198.51.100.${n}`, port: 5060 };
    const event = { id: n + 1, receivedAtUs: START_US + n * 1e6, source };
    detect(state, ruleSet, toEvent(request('REGISTER'), event), POLICY);
  }
  expect(state.groups.records.used).toBeLessThan(15);
  expect(ruleStatus(state)[0]?.evicted).toBe(0);
});

it('has so many records and no more, each empty when it is taken', () => {
  const records = createRecords(3_000);
  const taken = Array.from({ length: 3_000 }, () => takeRecord(records));
  expect(new Set(taken).size).toBe(3_000);
  expect(() => takeRecord(records)).toThrow(RangeError);
  const [first = 0, second = 0] = taken;
  records.ints.fill(7, first << 3, (first << 3) + 8);
  records.ints[first << 3] = second;
  giveRecords(records, first, second, 2);
  const again = [takeRecord(records), takeRecord(records)];
  expect(again).toEqual([first, second]);
  expect([...records.ints.slice(first << 3, (first << 3) + 8)]).toEqual(Array(8).fill(0));
});
