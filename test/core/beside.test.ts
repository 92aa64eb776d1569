import { DEFAULT_POLICY } from '../default-policy.js';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BlockPolicy } from '../../src/core/block/policy.js';
import { scoreOf } from '../../src/core/detect/detect.js';
import type { Effect } from '../../src/core/flow.js';
import type { Block } from '../../src/core/model/block.js';
import type { Transport } from '../../src/core/model/transport.js';
import { step, type AgentState } from '../../src/core/step.js';
import { parseRules } from '../../src/config/rules/parse-rules.js';
import { createReplayState } from '../../src/replay/create-state.js';
import { makeSettings } from './trap/message.js';

const RULES = `
id: scanner
name: Scanner
version: 1
attack_type: sip_scan
severity: medium
description: A scanner.
match: { methods: [OPTIONS] }
points: 100
mute: 10m
---
id: register-flood
name: Flood of registrations
version: 1
attack_type: flood
severity: high
description: More than twenty registrations in a second.
match: { methods: [REGISTER] }
count: { by: [source], over: 20, within: 1s }
points: 100
mute: 10m
---
id: subscribe-rush
name: Subscriptions in a rush
version: 1
attack_type: flood
severity: medium
description: More than twenty subscriptions in a second.
match: { methods: [SUBSCRIBE] }
count: { by: [source], over: 20, within: 1s }
points: 100
mute: 10m
`;

const START_US = 1_800_000_000_000_000;
const SECOND_US = 1_000_000;
const SOURCE = '203.0.113.7';
const TARGET = `${SOURCE}/32`;

let state: AgentState;
let nowUs = START_US;
let sent = 0;

function begin(policy: Partial<BlockPolicy> = {}): void {
  const settings = {
    policy: { ...DEFAULT_POLICY, scope: 'beside', unproven: 'beside', ...policy } as const,
    scoreHalfLifeS: 3600,
    answers: makeSettings({ realm: 'pbx.example' }),
    seed: 1,
  };
  state = createReplayState(
    { settings, protect: [], sipPorts: [5060] },
    parseRules(RULES, 'beside.yaml'),
  );
  nowUs = START_US;
  sent = 0;
}

beforeEach(() => {
  begin();
});

function send(method: string, transport: Transport = 'tcp', afterS = 0.001): readonly Effect[] {
  sent += 1;
  nowUs += Math.round(afterS * SECOND_US);
  const bytes = Buffer.from(
    [
      `${method} sip:100@pbx.example SIP/2.0`,
      `Via: SIP/2.0/${transport.toUpperCase()} 203.0.113.7:5060;branch=z9hG4bK-${sent};rport`,
      `From: <sip:a@pbx.example>;tag=t${sent}`,
      'To: <sip:100@pbx.example>',
      `Call-ID: c${sent}`,
      `CSeq: ${sent} ${method}`,
      'Max-Forwards: 70',
      'Contact: <sip:203.0.113.7:5060>',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
  const source = { address: SOURCE, port: 5060 };
  const local = { address: '192.0.2.1', port: 5060 };
  return step(
    state,
    { kind: 'packet', packet: { receivedAtUs: nowUs, transport, source, local, bytes } },
    nowUs,
  );
}

const blockedBy = (effects: readonly Effect[]): Block | undefined =>
  effects.find((effect) => effect.kind === 'block')?.block;

const secondsOf = ({ createdAtUs, expiresAtUs }: Block): number =>
  ((expiresAtUs ?? Infinity) - createdAtUs) / SECOND_US;

const isAnswered = (effects: readonly Effect[]): boolean =>
  effects.some(({ kind }) => kind === 'answer');

function flood(method: string, transport: Transport): Block | undefined {
  const blocks = Array.from({ length: 60 }, () => blockedBy(send(method, transport)));
  return blocks.find((block) => block !== undefined);
}

function addByHand(scope: Block['scope'], durationS: number | null): void {
  const how = { reason: 'by hand', origin: 'manual', force: false } as const;
  const request = { target: TARGET, scope, durationS, ...how };
  step(state, { kind: 'block', request }, nowUs);
}

describe('a block of scope beside', () => {
  it('answers the packet that decided, and those after it, and calls none of them remarkable', () => {
    const deciding = send('OPTIONS');
    expect(blockedBy(deciding)).toMatchObject({ scope: 'beside', proof: 'tcp', target: TARGET });
    expect(isAnswered(deciding)).toBe(true);
    const later = send('OPTIONS', 'udp', 60);
    expect(later.map(({ kind }) => kind)).not.toContain('still-talking');
    expect(isAnswered(later)).toBe(true);
    expect(state.counts).toMatchObject({ withheldBlocked: 0, stillTalking: 0, answered: 2 });
  });

  it('is written as one of that scope, and a change of scope takes the old one away', () => {
    const changes = (effects: readonly Effect[]) =>
      effects.flatMap((effect) => (effect.kind === 'firewall' ? [effect.change] : []));
    const beside = { kind: 'add', target: TARGET, scope: 'beside', timeoutS: 3600 };
    expect(changes(send('OPTIONS'))).toEqual([beside]);
    const request = {
      target: TARGET,
      scope: 'all',
      durationS: 60,
      reason: 'by hand',
      origin: 'manual',
      force: false,
    } as const;
    expect(changes(step(state, { kind: 'block', request }, nowUs))).toEqual([
      { ...beside, scope: 'all', timeoutS: 60 },
      { kind: 'remove', target: TARGET, scope: 'beside' },
    ]);
    expect(isAnswered(send('OPTIONS'))).toBe(false);
  });

  it('keeps the answers of who is shut out by another block as well', () => {
    send('OPTIONS');
    const how = { reason: 'x', origin: 'manual', force: false, durationS: 60 } as const;
    const request = { target: '203.0.113.0/24', scope: 'sip', ...how } as const;
    step(state, { kind: 'block', request }, nowUs);
    expect(isAnswered(send('OPTIONS'))).toBe(false);
  });

  it('makes one decision for each of its terms while its source goes on, each longer', () => {
    const blocks: Block[] = [];
    let answered = 0;
    // A message a minute for a day.
    for (let count = 0; count < 1440; count += 1) {
      const effects = send('OPTIONS', 'tcp', 60);
      if (isAnswered(effects)) answered += 1;
      const block = blockedBy(effects);
      if (block !== undefined) blocks.push(block);
    }
    expect(answered).toBe(1440);
    expect(blocks.map(secondsOf)).toEqual([3600, 14_400, 57_600, 230_400]);
    // No moment is open between one and the next.
    for (const [at, block] of blocks.slice(1).entries()) {
      expect(block.createdAtUs).toBeLessThan(blocks[at]?.expiresAtUs ?? 0);
    }
    expect(blocks.at(-1)).toMatchObject({ rule: 'scanner', attackType: 'sip_scan', proof: 'tcp' });
  });

  it('is renewed in time without proof too, never for longer', () => {
    const blocks: Block[] = [];
    for (let count = 0; count < 360; count += 1) {
      const block = blockedBy(send('OPTIONS', 'udp', 10));
      if (block !== undefined) blocks.push(block);
    }
    expect(blocks.length).toBeGreaterThanOrEqual(6);
    expect(blocks.length).toBeLessThanOrEqual(7);
    for (const [at, block] of blocks.slice(1).entries()) {
      expect(block.createdAtUs).toBeLessThan(blocks[at]?.expiresAtUs ?? 0);
      expect(secondsOf(block)).toBe(600);
    }
  });

  it('ends for who has fallen silent, and for one polite look', () => {
    send('OPTIONS');
    expect(blockedBy(send('REGISTER', 'tcp', 3590))).toBeUndefined();
    const [ended] = step(state, { kind: 'settle' }, START_US + 3601 * SECOND_US);
    expect(ended).toMatchObject({ kind: 'block-ended', how: 'expired' });
  });

  it('of a proven source is not prolonged by packets that may be forged', () => {
    send('OPTIONS');
    send('OPTIONS', 'udp', 3000);
    expect(blockedBy(send('OPTIONS', 'udp', 590))).toBeUndefined();
    expect(blockedBy(send('OPTIONS', 'udp', 5))).toBeUndefined();
    expect(blockedBy(send('OPTIONS', 'tcp', 1))).toBeDefined();
  });

  it('lets the score go on, which a block of everything would have been paid with', () => {
    const score = () => Math.round(scoreOf(state.detect, SOURCE, nowUs, state.settings).total);
    send('OPTIONS');
    expect(score()).toBe(0);
    send('OPTIONS', 'tcp', 601);
    expect(score()).toBe(100);
    send('OPTIONS', 'tcp', 601);
    expect(score()).toBeGreaterThan(180);
  });
});

describe('a flood', () => {
  it.each(['udp', 'tcp'] as const)('that harms the trap is blocked wholly (%s)', (transport) => {
    expect(flood('REGISTER', transport)).toMatchObject({ scope: 'all', rule: 'register-flood' });
    expect(isAnswered(send('REGISTER', transport))).toBe(false);
  });

  it('is blocked wholly over a block that leaves the trap, by hand or by a rule', () => {
    send('OPTIONS');
    expect(flood('REGISTER', 'tcp')).toMatchObject({ scope: 'all', rule: 'register-flood' });
    begin();
    addByHand('beside', null);
    expect(flood('REGISTER', 'udp')).toMatchObject({ scope: 'all', expiresAtUs: null });
  });

  it('closes the SIP ports to who is heard, where unproven sources lose no more', () => {
    begin({ unproven: 'sip' });
    send('OPTIONS');
    expect(flood('REGISTER', 'udp')).toMatchObject({ scope: 'all' });
    begin({ unproven: 'sip' });
    expect(flood('REGISTER', 'udp')).toMatchObject({ scope: 'sip' });
  });

  it('of no great harm is a rush, and heard', () => {
    expect(flood('SUBSCRIBE', 'tcp')).toMatchObject({ scope: 'beside', rule: 'subscribe-rush' });
    expect(isAnswered(send('SUBSCRIBE'))).toBe(true);
  });

  it('changes nothing where blocks do not leave the trap', () => {
    begin({ scope: 'sip', unproven: 'none' });
    expect(flood('REGISTER', 'tcp')).toMatchObject({ scope: 'sip' });
    begin({ scope: 'sip', unproven: 'none' });
    expect(flood('REGISTER', 'udp')).toBeUndefined();
  });
});

describe('a decision', () => {
  it('does not open what was closed by hand', () => {
    addByHand('sip', 7200);
    expect(blockedBy(send('OPTIONS'))).toMatchObject({
      scope: 'all',
      expiresAtUs: START_US + 7200 * SECOND_US,
    });
  });

  it('opens the trap again to who was kept off it without proof, once he is proven', () => {
    begin({ unproven: 'sip' });
    send('OPTIONS', 'udp');
    expect(blockedBy(send('OPTIONS', 'udp'))).toMatchObject({ scope: 'sip' });
    const proven = send('OPTIONS', 'tcp');
    expect(blockedBy(proven)).toMatchObject({ scope: 'beside', proof: 'tcp' });
    expect(isAnswered(proven)).toBe(true);
  });

  it('without proof does not shut the trap to who is heard', () => {
    begin({ unproven: 'sip' });
    send('OPTIONS');
    expect(blockedBy(send('OPTIONS', 'udp', 601))).toBeUndefined();
    expect(blockedBy(send('OPTIONS', 'udp'))).toBeUndefined();
    expect(state.blocks.table.byTarget.get(TARGET)).toMatchObject({ scope: 'beside' });
  });
});
