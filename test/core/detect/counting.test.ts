import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileRules,
  createDetectState,
  detect,
  ruleStatus,
} from '../../../src/core/detect/detect.js';
import {
  addKey,
  createKeyTable,
  dropOldest,
  findKey,
  sizeOf,
  touchKey,
} from '../../../src/core/detect/count/key-table.js';
import { networkOf } from '../../../src/core/detect/fields/networks.js';
import {
  calledNumber,
  numberKind,
  prefixOf,
  suffixOf,
} from '../../../src/core/detect/fields/called-number.js';
import { parseRules } from '../../../src/config/rules/parse-rules.js';
import { request, toEvent } from './events.js';
import { BASE as RULE } from './tally-rules.js';
import { POLICY, START_US } from './replay.js';

const BASE = { id: 'r', ...RULE };

/** `[source, To user, seconds, sent again]` for each event; which of them fire, from 0. */
type Step = readonly [source: number, user: string, atS: number, again?: boolean];

function check(count: object, steps: readonly Step[], firings: readonly number[]): void {
  const ruleSet = compileRules(parseRules(JSON.stringify({ ...BASE, count }), 'test.yaml'));
  const state = createDetectState();
  const fired = steps.map(([source, user, atS, again = false], index) => {
    const event = toEvent(request('REGISTER', { To: `<sip:${user}@x>` }), {
      id: index + 1,
      receivedAtUs: START_US + atS * 1e6,
      source: { address: `198.51.100.${source}`, port: 5060 },
      retransmission: again,
    });
    const { sightings } = detect(state, ruleSet, event, POLICY);
    for (const sighting of sightings) expect(sighting.source).toBe(event.source.address);
    return sightings.length;
  });
  expect(fired.flatMap((times, index) => (times > 0 ? [index] : []))).toEqual(firings);
}

describe('a rule counts', () => {
  it('in a leaky bucket: what leaked out makes room', () => {
    const count = { by: 'source', over: 2, leak: '1s' };
    check(
      count,
      [
        [1, 'a', 0],
        [1, 'a', 0],
        [1, 'a', 0],
        [1, 'a', 9],
        [1, 'a', 9],
        [1, 'a', 10.1],
      ],
      [2],
    );
  });
  it('different values in a leaky bucket', () => {
    const count = { by: 'source', distinct: 'to_user', over: 1, leak: '2s' };
    check(
      count,
      [
        [1, 'a', 0],
        [1, 'a', 0],
        [1, 'b', 0.5],
        [1, 'c', 9],
        [1, 'c', 9.5],
      ],
      [2],
    );
  });
  it('only events that lie apart', () => {
    const count = { by: 'source', over: 1, within: '1d', apart: '10s' };
    check(
      count,
      [
        [1, 'a', 0],
        [1, 'a', 5],
        [1, 'a', 10],
        [1, 'a', 20],
        [1, 'a', 31],
      ],
      [3, 4],
    );
  });
  it('only values that settle and do not come again', () => {
    const count = { by: 'source', distinct: 'to_user', over: 1, within: '1d', settle: '10s' };
    check(
      count,
      [
        [1, 'a', 0],
        [1, 'b', 1],
        [1, 'a', 2],
        [1, 'c', 20],
        [1, 'd', 40],
      ],
      [4],
    );
  });
  it('a whole network from its second source on, and gives the points to each that takes part', () => {
    const count = { by: 'source_prefix', distinct: 'to_user', over: 2, within: '1h' };
    check(
      count,
      [
        [1, 'a', 0],
        [1, 'z', 0],
        [2, 'b', 0],
        [3, 'c', 0],
        [1, 'd', 0],
        [4, 'e', 0],
        [4, 'f', 0.5],
      ],
      [4, 5],
    );
  });
  it('a whole network, but spares a source that did not do its share', () => {
    const count = { by: 'source_prefix', distinct: 'to_user', over: 2, own: 2, within: '1h' };
    check(
      count,
      [
        [9, 'z', 0],
        [1, 'a', 0],
        [1, 'b', 0],
        [2, 'c', 0],
        [1, 'd', 0],
        [2, 'e', 0],
      ],
      [4, 5],
    );
  });
  it('different values of a network in a leaky bucket, but spares who did not do its share', () => {
    const count = { by: 'source_prefix', distinct: 'to_user', over: 2, own: 2, leak: '100s' };
    check(
      count,
      [
        [9, 'z', 0],
        [1, 'a', 0],
        [1, 'b', 0],
        [2, 'c', 0],
        [1, 'd', 0],
        [2, 'e', 2],
      ],
      [4, 5],
    );
  });
  it('retransmissions when it says so, and else not', () => {
    const steps: readonly Step[] = [
      [1, 'a', 0],
      [1, 'a', 0, true],
      [1, 'a', 0, true],
    ];
    check({ by: 'source', over: 2, within: '1h' }, steps, []);
    check({ by: 'source', over: 2, within: '1h', retransmissions: true }, steps, [2]);
  });

  it('long tallies as exactly as short ones', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 150 }), (users) => {
        const count = { by: 'source', distinct: 'to_user', over: 20, within: '40s' };
        const ruleSet = compileRules(parseRules(JSON.stringify({ ...BASE, count }), 'test.yaml'));
        const state = createDetectState();
        users.forEach((user, second) => {
          const raw = request('REGISTER', { To: `<sip:${user}@x>` });
          const receivedAtUs = START_US + second * 1e6;
          const { attackType } = detect(
            state,
            ruleSet,
            toEvent(raw, { id: second + 1, receivedAtUs }),
            POLICY,
          );
          const recent = new Set(users.slice(Math.max(0, second - 39), second + 1));
          expect(attackType).toBe(recent.size > 20 ? 'sip_scan' : null);
        });
        expect(ruleStatus(state)[0]?.members ?? 0).toBeLessThanOrEqual(21);
      }),
    );
  });
});

it('keeps keys as a plain map that is kept in order of use', () => {
  const key = fc.record({
    lo: fc.integer({ min: -9, max: 9 }),
    hi: fc.integer({ min: -3, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(fc.option(key), { maxLength: 200 }), (steps) => {
      const table = createKeyTable(300);
      const model = new Map<string, number>();
      steps.forEach((each, now) => {
        if (each === null) {
          const oldest = model.keys().next();
          if (oldest.done !== true) model.delete(oldest.value);
          dropOldest(table);
        } else {
          const name = `${each.lo} ${each.hi}`;
          const found = findKey(table, each);
          expect(found).toBe(model.get(name) ?? 0);
          if (found !== 0) touchKey(table, found, now);
          const record = found === 0 ? addKey(table, each, now) : found;
          model.delete(name);
          model.set(name, record);
        }
        expect(sizeOf(table)).toBe(model.size);
      });
    }),
  );
});

it.each([
  ['198.51.100.7', '198.51.100.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

it.each([
  ['00972599123456', '599123456', '00972', 'high-risk'],
  ['9011972599123456', '599123456', '9011972', 'high-risk'],
  ['+8816-1234-5678', '612345678', '+881', 'satellite'],
  ['+442071234567', '071234567', '+442', ''],
  ['071234567', '071234567', '-', ''],
])('%s dials %s behind %s (%s)', (user, suffix, prefix, kind) => {
  const number = calledNumber(user);
  if (number === null) throw new Error(`${user} dials nothing`);
  expect([suffixOf(number), prefixOf(number), numberKind(number)]).toEqual([suffix, prefix, kind]);
});

it.each(['101', 'alice', '+44abc123456', '1'.repeat(50)])('%s dials no number', (user) => {
  expect(calledNumber(user)).toBeNull();
});

it('a rule is not switched off for others by an event on which it fails', () => {
  const state = createDetectState();
  const when = 'event.header_names[5] == "x-bad"';
  const ruleSet = compileRules(parseRules(JSON.stringify({ ...BASE, when }), 'test.yaml'));
  const send = (id: number, headers: Readonly<Record<string, string>>) =>
    detect(state, ruleSet, toEvent(request('REGISTER', headers), { id }), POLICY);
  expect(send(1, {}).faults).toHaveLength(1);
  expect(send(2, { 'X-Bad': '1' }).sightings).toMatchObject([{ rule: 'r' }]);
});
