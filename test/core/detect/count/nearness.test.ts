import { describe, expect, it } from 'vitest';
import { parseRules } from '../../../../src/config/rules/parse-rules.js';
import { compileRules, createDetectState, detect } from '../../../../src/core/detect/detect.js';
import { nearness } from '../../../../src/core/detect/count/nearness.js';
import type { TrapEvent } from '../../../../src/core/model/event.js';
import { LIMITS } from '../../../../src/core/common/limits.js';
import { request, toEvent } from '../events.js';
import { START_US } from '../replay.js';

const POLICY = { scoreHalfLifeS: 3600 };

function rule(id: string, count: string, more = ''): string {
  return `
id: ${id}
name: A rule
version: 1
attack_type: extension_enumeration
severity: high
description: Made up.
match: { methods: [REGISTER, INVITE] }
count: { ${count} }
points: 100
mute: 1m
${more}`;
}

const RULES = [
  rule('users', 'by: source, distinct: to_user, over: 3, within: 10m'),
  rule('contacts', 'by: [source, contact_host], distinct: to_user, over: 9, within: 10m'),
  rule('messages', 'by: source, over: 19, within: 10m'),
  rule('bucket', 'by: source, over: 49, leak: 10s'),
  rule('settled', 'by: source, distinct: to_user, over: 7, within: 1d, settle: 1m'),
  rule('spread', 'by: source_prefix, distinct: to_user, over: 4, own: 2, within: 1h'),
].join('---');
const ruleSet = compileRules(parseRules(RULES, 'near.yaml'));

let number = 0;
function register(user: string, atS: number, given: Partial<TrapEvent> = {}): TrapEvent {
  number += 1;
  const headers = {
    To: `<sip:${user}@192.0.2.1>`,
    'Call-ID': `c${number}`,
    Contact: '<sip:1@198.51.100.9>',
  };
  const raw = request('REGISTER', headers);
  return toEvent(raw, { id: number, receivedAtUs: START_US + atS * 1e6, ...given });
}

const told = (near: ReturnType<typeof nearness>): string[] =>
  near.map(({ rule: id, things, needed, what }) => `${id}: ${things} of ${needed} ${what}`);

function feed(state: ReturnType<typeof createDetectState>, events: readonly TrapEvent[]) {
  return events.map((event) => detect(state, ruleSet, event, POLICY));
}

describe('nearness', () => {
  it('tells how near each rule is, the nearest first', () => {
    const state = createDetectState();
    const events = ['100', '101', '102', '101'].map((user, index) => register(user, index));
    feed(state, events);
    expect(told(nearness(state, events, START_US + 10e6))).toEqual([
      'users: 3 of 4 extensions',
      'contacts: 3 of 10 extensions',
      'settled: 2 of 8 extensions',
      'messages: 4 of 20 messages',
      'bucket: 3 of 50 messages',
    ]);
  });

  it('leaves out what has fired, and what its window has left', () => {
    const state = createDetectState();
    const events = ['100', '101', '102', '103'].map((user, index) => register(user, index));
    feed(state, events);
    expect(told(nearness(state, events, START_US + 5e6))[0]).toBe('settled: 4 of 8 extensions');
    expect(told(nearness(state, events, START_US + 700e6))).toEqual(['settled: 4 of 8 extensions']);
  });

  it('goes on telling what has enough, while some of it must settle first', () => {
    const state = createDetectState();
    const events = Array.from({ length: 9 }, (_, n) => register(String(100 + n), n));
    feed(state, events);
    expect(told(nearness(state, events, START_US + 10e6))[0]).toBe(
      'settled: 8 of 8 extensions, some too new to count yet',
    );
    const [last] = feed(state, [register('100', 90)]);
    expect(last?.sightings.map(({ rule: id }) => id)).toContain('settled');
    expect(told(nearness(state, events, START_US + 91e6))[0]).toBe('contacts: 9 of 10 extensions');
  });

  it('looks in the groups of the events that it is given, and of no other source', () => {
    const state = createDetectState();
    const events = ['100', '101', '102'].map((user, index) => register(user, index));
    feed(state, events);
    const other = register('100', 0, { source: { address: '203.0.113.7', port: 5060 } });
    expect(nearness(state, [other], START_US + 5e6)).toEqual([]);
    expect(nearness(state, [], START_US + 5e6)).toEqual([]);
    expect(nearness(createDetectState(), events, START_US)).toEqual([]);
  });

  it('tells the share that is further from firing where the source needs its own', () => {
    const state = createDetectState();
    const neighbour = { source: { address: '198.51.100.2', port: 5060 } };
    const events = [
      register('100', 0),
      ...['101', '102', '103'].map((user, index) => register(user, 1 + index, neighbour)),
      register('104', 5),
    ];
    feed(state, events);
    const near = told(nearness(state, [events[4] ?? register('1', 0)], START_US + 6e6));
    expect(near).toContain('spread: 1 of 2 extensions');
  });

  it('changes nothing: the same events come to the same, whoever looks between them', () => {
    const [watched, alone] = [createDetectState(), createDetectState()];
    for (let index = 0; index < 60; index += 1) {
      const event = register(String(100 + ((index * 7) % 23)), index * 9);
      const seen = detect(watched, ruleSet, event, POLICY);
      expect(seen).toEqual(detect(alone, ruleSet, event, POLICY));
      const near = nearness(watched, [event], event.receivedAtUs);
      expect(near).toEqual(nearness(watched, [event], event.receivedAtUs));
    }
  });

  it('is bounded', () => {
    const many = Array.from({ length: LIMITS.nearRulesMax + 5 }, (_, index) =>
      rule(`r${index}`, `by: source, distinct: to_user, over: ${10 + index}, within: 10m`),
    );
    const set = compileRules(parseRules(many.join('---'), 'near.yaml'));
    const state = createDetectState();
    const event = register('100', 0);
    detect(state, set, event, POLICY);
    const events = Array.from({ length: 500 }, () => event);
    expect(nearness(state, events, START_US)).toHaveLength(LIMITS.nearRulesMax);
  });
});
