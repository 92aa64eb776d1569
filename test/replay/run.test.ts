import { makeSettings } from '../core/trap/message.js';
import { describe, expect, it } from 'vitest';
import { renderReplay } from '../../src/cli/replay/replay-text.js';
import { viewReplay, type ReplayView } from '../../src/cli/replay/replay-view.js';
import type { ReplayPlan } from '../../src/cli/replay/replay-setup.js';
import { parseRules } from '../../src/config/rules/parse-rules.js';
import type { BlockPolicy } from '../../src/core/block/policy.js';
import type { Proof } from '../../src/core/model/proof.js';
import { REPLAY_SECRET, REPLAY_SEED } from '../../src/replay/create-state.js';
import { createInputReport, type RecordedPacket } from '../../src/records/recorded.js';
import { createRun, feed } from '../../src/replay/run.js';
import { sip } from '../records/captures.js';
import { DEFAULT_POLICY } from '../default-policy.js';

const START_US = 1_767_225_600_000_000;
const SECOND_US = 1_000_000;

const rule = (id: string, over: number, points: number): string => `
id: ${id}
name: Users
version: 1
attack_type: extension_enumeration
severity: high
description: More than so many users.
match: { methods: [REGISTER] }
count: { by: [source], distinct: to_user, over: ${over}, within: 10m }
points: ${points}
mute: 1m
`;

interface Plan {
  readonly rules: string;
  readonly tried?: string;
  readonly protect?: readonly string[];
  readonly policy?: BlockPolicy;
}

function play(
  { rules, tried, protect = [], policy = DEFAULT_POLICY }: Plan,
  records: readonly RecordedPacket[],
): ReplayView {
  const settings = {
    policy,
    scoreHalfLifeS: 3_600,
    answers: makeSettings({ realm: 'pbx.example', secret: REPLAY_SECRET }),
    seed: REPLAY_SEED,
  };
  const setting = {
    settings,
    protect: protect.map((target) => ({ target, from: 'test' })),
    sipPorts: [5060],
  };
  const own = tried === undefined ? null : parseRules(tried, 'tried.yaml');
  const inForce = parseRules(rules, 'rules.yaml');
  const trial = own === null ? null : { own, rules: [...inForce, ...own] };
  const plan: ReplayPlan = { setting, policy, rules: inForce, trial };
  const base = createRun(setting, inForce);
  const second = trial === null ? null : createRun(setting, trial.rules);
  for (const { packet, proof } of records) {
    feed(base, { packet, proof });
    if (second !== null) feed(second, { packet, proof });
  }
  return viewReplay(plan, [createInputReport('test')], base, second, 10);
}

interface Sender {
  readonly address?: string;
  readonly proof?: Proof;
  readonly port?: number;
  readonly fromS?: number;
}

/** So many REGISTERs, one a second, each for another user. */
function registers(count: number, sender: Sender = {}): readonly RecordedPacket[] {
  const { address = '203.0.113.7', proof = 'none', port = 5060, fromS = 0 } = sender;
  return Array.from({ length: count }, (_, n) => {
    const user = `${100 + n}`;
    const bytes = sip('REGISTER', {
      To: `<sip:${user}@h>`,
      'Call-ID': `${fromS}-${n}`,
      Via: `SIP/2.0/UDP h;branch=z9hG4bK${fromS}x${n}`,
    });
    const packet = {
      receivedAtUs: START_US + (fromS + n) * SECOND_US,
      transport: 'udp' as const,
      source: { address, port: 5060 },
      local: { address: '192.0.2.1', port },
      bytes,
    };
    return { packet, proof };
  });
}

const IN_FORCE = rule('in-force', 4, 100);

describe('a replay', () => {
  it('tells when, after how many packets and by which rule a source is blocked', () => {
    const view = play({ rules: IN_FORCE }, registers(8));
    expect(view.in_force.blocks).toEqual([
      {
        at: '2026-01-01T00:00:04.000000Z',
        source: '203.0.113.7',
        target: '203.0.113.7/32',
        scope: 'sip',
        proof: 'none',
        rule: 'in-force',
        attack_type: 'extension_enumeration',
        reason: expect.stringContaining('Users') as string,
        expires_at: '2026-01-01T00:10:04.000000Z',
        after_packets: 5,
        after_s: 4,
        packets_kept_out: 3,
      },
    ]);
    expect(view.in_force).toMatchObject({ packets: 8, packets_kept_out: 3, sources: 1 });
  });

  it('takes the proof from the record', () => {
    const [block] = play({ rules: IN_FORCE }, registers(5, { proof: 'nonce' })).in_force.blocks;
    expect(block).toMatchObject({ scope: 'all', proof: 'nonce' });
  });

  it('lets through what a block of the SIP ports does not drop', () => {
    const records = [...registers(5), ...registers(3, { port: 5080, fromS: 10 })];
    expect(play({ rules: IN_FORCE }, records).in_force.packets_kept_out).toBe(0);
  });

  it('lets a source in again when its block is over', () => {
    const records = [...registers(6), ...registers(6, { fromS: 700 })];
    const { in_force: story } = play({ rules: IN_FORCE }, records);
    expect(story.blocks.map(({ after_packets: after }) => after)).toEqual([5, 11]);
    expect(story.blocks.map(({ packets_kept_out: kept }) => kept)).toEqual([1, 1]);
  });

  it('names the protected who would have been hit', () => {
    const view = play({ rules: IN_FORCE, protect: ['203.0.113.0/24'] }, registers(8));
    expect(view.in_force.blocks_total).toBe(0);
    expect(view.in_force.protected_hit).toEqual([
      {
        source: '203.0.113.7',
        peer: '203.0.113.0/24',
        from: 'test',
        rule: 'in-force',
        times: 1,
        first_at: '2026-01-01T00:00:04.000000Z',
        after_packets: 5,
      },
    ]);
  });

  it('says which bounds were reached', () => {
    const policy = { ...DEFAULT_POLICY, newUnprovenPerMinuteMax: 1 };
    const records = [...registers(8), ...registers(8, { address: '203.0.113.8' })];
    const { in_force: story } = play({ rules: IN_FORCE, policy }, records);
    expect(story.limits_hit).toEqual({ unproven_blocks_refused: 1 });
    expect(story.blocks_total).toBe(1);
  });

  it('says how many packets came out of order, and takes them at the time of the one before', () => {
    const [first, second, third] = registers(3);
    if (first === undefined || second === undefined || third === undefined) throw new Error();
    const { in_force: story } = play({ rules: IN_FORCE }, [first, third, second]);
    expect(story).toMatchObject({ out_of_order: 1, last_at: '2026-01-01T00:00:02.000000Z' });
  });

  it('gives byte-identical output for the same input', () => {
    const records = [...registers(9), ...registers(9, { address: '2001:db8::7', fromS: 20 })];
    const plan = { rules: IN_FORCE, tried: rule('tried', 2, 100) };
    const [one, two] = [play(plan, records), play(plan, records)];
    expect(JSON.stringify(two)).toBe(JSON.stringify(one));
    expect(renderReplay(two)).toBe(renderReplay(one));
  });
});

describe('a rule that is tried', () => {
  const check = (plan: Plan, records: readonly RecordedPacket[]) =>
    play(plan, records).difference?.changes.map(
      ({ address, change, before_packets: before, after_packets: after }) =>
        `${address} ${change} ${before ?? '-'} ${after ?? '-'}`,
    );

  it('blocks whom nobody blocked', () => {
    const plan = { rules: IN_FORCE, tried: rule('tried', 2, 100) };
    expect(check(plan, registers(4))).toEqual(['203.0.113.7 blocked - 3']);
  });

  it('blocks earlier', () => {
    const plan = { rules: IN_FORCE, tried: rule('tried', 2, 100) };
    expect(check(plan, registers(6))).toEqual(['203.0.113.7 blocked_earlier 5 3']);
  });

  it('would hit a protected peer', () => {
    const protect = ['203.0.113.7/32'];
    const plan = { rules: IN_FORCE, tried: rule('tried', 2, 100), protect };
    expect(check(plan, registers(4))).toEqual(['203.0.113.7 spared - 3']);
  });

  it('sees somebody without a block', () => {
    const plan = { rules: IN_FORCE, tried: rule('tried', 2, 10) };
    expect(check(plan, registers(4))).toEqual(['203.0.113.7 seen - -']);
  });

  it('makes no difference', () => {
    const plan = { rules: IN_FORCE, tried: rule('tried', 50, 100) };
    const records = registers(6);
    expect(check(plan, records)).toEqual([]);
    expect(renderReplay(play(plan, records))).toContain('None: no source fares otherwise.');
  });
});

it('escapes what came from packets', () => {
  const evil = rule('in-force', 1, 100).replace('distinct: to_user', 'distinct: user_agent');
  const records = registers(3).map(({ packet, proof }, n) => {
    const bytes = sip('REGISTER', { 'User-Agent': `\x1b[31mred${n}`, 'Call-ID': `${n}` });
    return { packet: { ...packet, bytes }, proof };
  });
  const view = play({ rules: evil }, records);
  expect(view.in_force.blocks_total).toBe(1);
  expect(renderReplay(view)).not.toContain('\x1b');
});
