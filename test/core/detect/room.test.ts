import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  compileRules,
  createDetectState,
  detect,
  ruleStatus,
} from '../../../src/core/detect/detect.js';
import { takeBlock } from '../../../src/core/detect/arena.js';
import { dropBlock, WORDS_MAX } from '../../../src/core/detect/group-block.js';
import { dropOldest } from '../../../src/core/detect/key-table.js';
import { eachHeld, MASK, SIZE } from '../../../src/core/detect/ledger-list.js';
import { parseRules } from '../../../src/config/parse-rules.js';
import { request, toEvent } from './events.js';
import { BASE, RULES, written } from './ledger-rules.js';
import { POLICY, START_US } from './replay.js';

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

it('keeps its lists sound and its members told, whatever comes', () => {
  const ruleSet = compileRules(parseRules(written(RULES), 'test.yaml'));
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
      const state = createDetectState();
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
      const held = new Map<string, number>();
      const { groups, plan } = state;
      while (groups.keys.oldest !== 0) {
        dropBlock(groups, groups.keys.oldest, (word, entry, list) => {
          const { ints } = groups.arena;
          if (plan.shapes[word >> 1] !== 'ledger') return;
          let values = 0;
          eachHeld(groups.arena, entry, list, (at) => {
            values += 1;
            for (let bit = 0; bit < 31; bit += 1) {
              const rule = plan.bitRules[(word >> 1) * 32 + bit];
              if ((((ints[at + MASK] ?? 0) >> bit) & 1) === 0 || rule === undefined) continue;
              held.set(rule.state.key, (held.get(rule.state.key) ?? 0) + 1);
            }
          });
          if (list !== 0) expect(ints[entry + SIZE]).toBe(values);
        });
        dropOldest(groups.keys);
      }
      expect(groups.arena.used).toBe(0);
      for (const { state: rule } of plan.rules) expect(rule.members).toBe(held.get(rule.key) ?? 0);
    }),
    { numRuns: 60 },
  );
});

it('gives up who was not seen for longest where there is little room, also within a minute', () => {
  const count = { by: 'source', distinct: 'to_user', over: 20, within: '1h' };
  const ruleSet = compileRules(parseRules(written([{ ...BASE, id: 'r', count }]), 'test.yaml'));
  const state = createDetectState({ cellsMax: 3_000 });
  let id = 0;
  const send = (address: string, user: string, atS: number): number => {
    id += 1;
    const receivedAtUs = START_US + atS * 1e6;
    const raw = request('REGISTER', { To: `<sip:${user}@x>` });
    const event = toEvent(raw, { id, receivedAtUs, source: { address, port: 5060 } });
    return detect(state, ruleSet, event, POLICY).sightings.length;
  };
  const fired = Array.from({ length: 21 }, (_, second) => {
    for (let n = 0; n < 30; n += 1) send(`203.0.${second}.${n}`, 'a', second);
    return send('198.51.100.1', String(second), second);
  });
  expect(fired.indexOf(1)).toBe(20);
  expect(ruleStatus(state)[0]?.evicted).toBeGreaterThan(100);
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
