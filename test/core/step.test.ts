import { DEFAULT_POLICY } from '../default-policy.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { createBlockState } from '../../src/core/block/decide.js';
import { createProtectTable } from '../../src/core/block/protect.js';
import { compileRules, createDetectState, scoreOf } from '../../src/core/detect/detect.js';
import type { Transport } from '../../src/core/model/transport.js';
import { createCounts } from '../../src/core/counts.js';
import type { Effect } from '../../src/core/flow.js';
import { step, type AgentState } from '../../src/core/step.js';
import { createAnswerState } from '../../src/core/trap/answer.js';
import { createPbxState } from '../../src/core/pbx/state.js';
import { createRetransmissions } from '../../src/core/trap/retransmission.js';
import { parseRules } from '../../src/config/rules/parse-rules.js';
import { makeSettings } from './trap/message.js';

const RULES = `
id: three-users
name: Three users
version: 1
attack_type: extension_enumeration
severity: high
description: More than two users.
match: { methods: [REGISTER] }
count: { by: [source], distinct: to_user, over: 2, within: 10m }
points: 100
mute: 1m
---
id: a-user
name: A user
version: 1
attack_type: extension_enumeration
severity: low
description: A user that is tried now and then.
match: { methods: [SUBSCRIBE] }
points: 20
`;

const START_US = 1_800_000_000_000_000;
const SOURCE = '203.0.113.7';

function createState(observing = false, protect: string[] = []): AgentState {
  return {
    settings: {
      policy: { ...DEFAULT_POLICY, observing },
      scoreHalfLifeS: 3600,
      answers: makeSettings({ realm: 'pbx.example' }),
      seed: 1,
    },
    rules: compileRules(parseRules(RULES, 'three-users.yaml')),
    detect: createDetectState(),
    retransmissions: createRetransmissions(),
    answers: createAnswerState(),
    pbx: createPbxState(),
    blocks: createBlockState({
      protect: createProtectTable(protect.map((target) => ({ target, from: 'test' }))),
    }),
    nextEventId: 1,
    counts: createCounts(),
  };
}

function request(method: string, user: string, number: number): Buffer {
  return Buffer.from(
    [
      `${method} sip:pbx.example SIP/2.0`,
      `Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK-${number};rport`,
      `From: <sip:${user}@pbx.example>;tag=t${number}`,
      `To: <sip:${user}@pbx.example>`,
      `Call-ID: c${number}`,
      `CSeq: ${number} ${method}`,
      'Max-Forwards: 70',
      'User-Agent: a phone with a name of some length, as real ones have',
      'Contact: <sip:203.0.113.7:5060>',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
}

let state: AgentState;
let sent = 0;

beforeEach(() => {
  state = createState();
  sent = 0;
});

function receive(
  user: string,
  transport: Transport = 'udp',
  method = 'REGISTER',
): readonly Effect[] {
  sent += 1;
  const nowUs = START_US + sent * 1000;
  const source = { address: SOURCE, port: 5060 };
  const local = { address: '192.0.2.1', port: 5060 };
  const bytes = request(method, user, sent);
  const packet = { receivedAtUs: nowUs, transport, source, local, bytes };
  return step(state, { kind: 'packet', packet }, nowUs);
}

const kinds = (effects: readonly Effect[]): string => effects.map(({ kind }) => kind).join(' ');

describe('step', () => {
  it('answers and stores a packet below the threshold', () => {
    expect(kinds(receive('100'))).toBe('answer event');
    expect(state.counts).toMatchObject({ received: 1, answered: 1, unanswered: 0 });
  });

  it('blocks on the deciding packet, which gets no answer any more', () => {
    receive('100');
    receive('101');
    const effects = receive('102');
    expect(kinds(effects)).toBe('event sighting block firewall');
    expect(effects[3]).toEqual({
      kind: 'firewall',
      change: { kind: 'add', target: '203.0.113.7/32', scope: 'sip', timeoutS: 600 },
    });
    expect(kinds(receive('103'))).toBe('event');
    expect(state.counts).toMatchObject({
      received: 4,
      answered: 2,
      unanswered: 2,
      withheldBlocked: 2,
    });
  });

  it('names the attack on the event that decided', () => {
    receive('100');
    receive('101');
    const event = receive('102').find((effect) => effect.kind === 'event');
    expect(event?.record).toMatchObject({
      id: 3,
      attackType: 'extension_enumeration',
      answeredStatus: null,
      score: 100,
    });
  });

  it('blocks everything of a source that a handshake proved', () => {
    receive('100', 'tcp');
    receive('101', 'tcp');
    const firewall = receive('102', 'tcp').find((effect) => effect.kind === 'firewall');
    expect(firewall?.change).toMatchObject({ kind: 'add', scope: 'all', timeoutS: 3600 });
  });

  it('spares a protected peer and goes on answering it', () => {
    state = createState(false, ['203.0.113.0/24']);
    receive('100');
    receive('101');
    expect(kinds(receive('102'))).toBe('answer event sighting spared');
    expect(state.counts.protectedSpared).toBe(1);
  });

  it('observing: decides, stores, writes no rule and goes on answering', () => {
    state = createState(true);
    receive('100');
    receive('101');
    expect(kinds(receive('102'))).toBe('answer event sighting block');
  });

  it('settles a block when its time is over, and answers again', () => {
    for (const user of ['100', '101', '102']) receive(user);
    expect(step(state, { kind: 'settle' }, START_US + 599_000_000)).toEqual([]);
    const ended = step(state, { kind: 'settle' }, START_US + 601_000_000);
    expect(ended).toMatchObject([{ kind: 'block-ended', how: 'expired' }]);
    expect(kinds(receive('100'))).toBe('answer event');
  });

  it('lays what comes before the kernel took the rule to the block that stands', () => {
    for (const user of ['100', '101', '102']) receive(user);
    // The rule's mute time is over, the block's is not.
    sent += 70_000;
    const meanwhile = ['103', '104', '105'].map((user) => kinds(receive(user)));
    expect(meanwhile).toContain('event sighting still-talking');
    sent += 540_000;
    expect(kinds(receive('100', 'udp', 'SUBSCRIBE'))).toBe('answer event sighting');
    expect(scoreOf(state.detect, SOURCE, START_US + sent * 1000, state.settings).total).toBe(20);
  });

  it('keeps the proven points of a blocked source for the proven block', () => {
    for (const user of ['100', '101', '102']) receive(user);
    const scopes = (number: number) => {
      sent += 70_000;
      return ['1', '2', '3']
        .flatMap((user) => receive(`${user}${number}`, number === 1 ? 'udp' : 'tcp'))
        .flatMap((effect) => (effect.kind === 'block' ? effect.block.scope : []));
    };
    expect([scopes(1), scopes(2)]).toEqual([[], ['all']]);
  });

  it('replaces a block by hand and takes the narrower scope off the firewall', () => {
    for (const user of ['100', '101', '102']) receive(user);
    const request = {
      target: SOURCE,
      scope: 'all',
      durationS: null,
      reason: 'by hand',
      origin: 'manual',
      force: false,
    } as const;
    const effects = step(state, { kind: 'block', request }, START_US + 10_000);
    expect(
      effects.map((effect) => (effect.kind === 'firewall' ? effect.change : effect.kind)),
    ).toEqual([
      'block-ended',
      'block',
      { kind: 'add', target: '203.0.113.7/32', scope: 'all', timeoutS: null },
      { kind: 'remove', target: '203.0.113.7/32', scope: 'sip' },
    ]);
  });

  it('removes exactly the target named', () => {
    for (const user of ['100', '101', '102']) receive(user);
    expect(step(state, { kind: 'unblock', target: '203.0.113.0/24' }, START_US)).toEqual([]);
    const effects = step(state, { kind: 'unblock', target: '203.0.113.7/32' }, START_US);
    expect(kinds(effects)).toBe('block-ended firewall');
  });

  it('counts what it withholds: answered and the rest are what came in', () => {
    const { settings } = state;
    const given = { ...settings.answers, rates: { perSource: 1, perNetwork: 1 } };
    state.settings = { ...settings, answers: given };
    for (const user of ['100', '100', '101']) receive(user);
    state.settings = { ...settings, answers: { ...given, answering: 'passive' } };
    for (const user of ['102', '103']) receive(user);
    const { counts } = state;
    expect(counts).toMatchObject({ received: 5, answered: 1, withheldRate: 2, unanswered: 4 });
    const { noAnswerDue, withheldBlocked, withheldPassive } = counts;
    const { withheldRate, withheldAmplification } = counts;
    const withheld = withheldBlocked + withheldPassive + withheldRate + withheldAmplification;
    expect(counts.answered + noAnswerDue + withheld).toBe(counts.received);
  });

  const overTls = {
    receivedAtUs: START_US,
    source: { address: SOURCE, port: 5060 },
    local: { address: '192.0.2.1', port: 5061 },
    bytes: Buffer.from(
      [
        'OPTIONS sip:100@pbx.example SIP/2.0',
        'Via: SIP/2.0/TLS 203.0.113.7;branch=z9hG4bK-1',
        'From: <sip:a@b>;tag=1',
        'To: <sip:100@pbx.example>',
        'Call-ID: 1',
        'CSeq: 1 OPTIONS',
        '',
        '',
      ].join('\r\n'),
    ),
  } as const;
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', sni: null };
  it.each([
    ['TLS', { transport: 'tls', tls }, 'tls', 200, tls],
    ['secure WebSocket', { transport: 'wss', tls }, 'tls', 200, tls],
    ['WebSocket', { transport: 'ws' }, 'tcp', 200, null],
    ['no TLS handshake', { transport: 'tls', handshake: 'failed' }, 'tcp', null, null],
    ['no handshake above TLS', { transport: 'wss', tls, handshake: 'failed' }, 'tls', null, tls],
    ['no WebSocket handshake', { transport: 'ws', handshake: 'failed' }, 'tcp', null, null],
  ] as const)(
    'proves and answers as far as the handshake got: %s',
    (_, how, proof, status, kept) => {
      const packet = { ...overTls, ...how };
      const effects = step(state, { kind: 'packet', packet }, START_US);
      const record = effects.find((effect) => effect.kind === 'event')?.record;
      expect(record).toMatchObject({ proof, answeredStatus: status, tls: kept });
      expect(effects.some(({ kind }) => kind === 'answer')).toBe(status !== null);
      expect(state.counts).toMatchObject(
        status === null ? { answered: 0, unanswered: 1 } : { answered: 1, unanswered: 0 },
      );
    },
  );

  it('replays to the same effects', () => {
    const run = (): string => {
      state = createState();
      sent = 0;
      const effects = ['100', '101', '101', '102', '103'].flatMap((user) => [...receive(user)]);
      return JSON.stringify(effects, (key, value: unknown) => (key === 'event' ? null : value));
    };
    expect(run()).toBe(run());
  });
});

it('says of an event whether its message is ordinary, so that the store need not look', () => {
  const ordinaryOf = (bytes: Buffer): boolean | undefined => {
    const source = { address: SOURCE, port: 5060 };
    const local = { address: '192.0.2.1', port: 5060 };
    const packet = { receivedAtUs: START_US, transport: 'udp', source, local, bytes } as const;
    const effects = step(createState(), { kind: 'packet', packet }, START_US);
    return effects.flatMap((each) => (each.kind === 'event' ? [each.record.ordinary] : []))[0];
  };
  const message = request('REGISTER', '100', 1);
  expect(ordinaryOf(message)).toBe(true);
  expect(ordinaryOf(Buffer.from(message.toString().replace('CSeq: 1', 'CSeq: x')))).toBe(false);
  expect(ordinaryOf(Buffer.from('no SIP'))).toBe(false);
});
