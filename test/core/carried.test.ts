import { beforeEach, describe, expect, it } from 'vitest';
import { parseRules } from '../../src/config/rules/parse-rules.js';
import type { Effect } from '../../src/core/flow.js';
import type { Packet } from '../../src/core/model/transport.js';
import { step, type AgentState } from '../../src/core/step.js';
import { createReplayState } from '../../src/replay/create-state.js';
import { readFacts } from '../../src/store/event-facts.js';
import { DEFAULT_POLICY } from '../default-policy.js';
import { sip } from '../records/captures.js';
import { makeSettings } from './trap/message.js';

/** Fires at every message, whatever it is. */
const ANY_MESSAGE = ['request', 'other']
  .map(
    (kind) => `
id: any-${kind}
name: Any ${kind}
version: 1
attack_type: reconnaissance
severity: high
description: Any message at all.
match: { kind: ${kind} }
points: 100
points_proven: 100
`,
  )
  .join('---');

let state: AgentState;

beforeEach(() => {
  const answers = makeSettings({ realm: 'pbx.example' });
  const settings = { policy: DEFAULT_POLICY, scoreHalfLifeS: 3_600, answers, seed: 1 };
  const rules = parseRules(ANY_MESSAGE, 'any-message.yaml');
  state = createReplayState({ settings, protect: [], sipPorts: [5060] }, rules);
});

function receive(number: number, how: Partial<Packet>, given?: Buffer | null): readonly Effect[] {
  const nowUs = 1_800_000_000_000_000 + number * 1_000;
  const packet: Packet = {
    receivedAtUs: nowUs,
    transport: 'tcp',
    source: { address: '203.0.113.7', port: 5060 },
    local: { address: '192.0.2.1', port: 5060 },
    bytes: given ?? sip('REGISTER', { 'Call-ID': `${number}` }),
    ...how,
  };
  return step(state, { kind: 'packet', packet }, nowUs);
}

describe('how a message was carried', () => {
  it('proves the address by a handshake, where no web page is behind it', () => {
    const blocks = receive(1, {}).flatMap((each) => (each.kind === 'block' ? [each.block] : []));
    expect(blocks).toMatchObject([{ scope: 'all', proof: 'tcp' }]);
  });

  it.each<[string, Partial<Packet>, Buffer | null]>([
    ['a WebSocket with an Origin', { transport: 'ws', noted: ['web-page'] }, null],
    ['a secure one', { transport: 'wss', noted: ['web-page'] }, null],
    ['an HTTP request', { transport: 'tcp' }, Buffer.from('POST / HTTP/1.1\r\nHost: x\r\n\r\n')],
    [
      'an HTTP request for a WebSocket',
      { transport: 'ws', handshake: 'failed' },
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    ],
    ['a ClientHello', { transport: 'tcp' }, Buffer.from('16030100050100000100', 'hex')],
    [
      'STUN over TCP',
      { transport: 'tcp' },
      Buffer.from('000100002112a442000102030405060708090a0b', 'hex'),
    ],
  ])('blocks nobody wholly for what a web page can make a browser send: %s', (_, how, bytes) => {
    const effects = [1, 2, 3].flatMap((number) => receive(number, how, bytes));
    const blocks = effects.flatMap((effect) => (effect.kind === 'block' ? [effect.block] : []));
    expect(blocks).toMatchObject([{ scope: 'sip', proof: 'none' }]);
  });

  it('says nothing in SIP to a broken frame, and keeps its name', () => {
    const how = { transport: 'ws', noted: ['ws-not-utf8'] } as const;
    const effects = receive(1, how);
    expect(effects.some(({ kind }) => kind === 'answer')).toBe(false);
    const effect = effects.find(({ kind }) => kind === 'event');
    if (effect?.kind !== 'event') throw new Error();
    expect(effect.record).toMatchObject({ answeredStatus: null, noted: ['ws-not-utf8'] });
    expect(effect.record.proof).toBe('tcp');
    expect(effect.event.message.anomalies).toContain('ws-not-utf8');
    expect(readFacts(effect.record).anomalies).toContain('ws-not-utf8');
  });
});
