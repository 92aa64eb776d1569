import { DEFAULT_POLICY } from '../../default-policy.js';
import { describe, expect, it } from 'vitest';
import { createBlockTable, putBlock } from '../../../src/core/block/block-table.js';
import {
  createBlockState,
  decide,
  durationOf,
  type BlockState,
} from '../../../src/core/block/decide.js';
import type { BlockPolicy } from '../../../src/core/block/policy.js';
import { createProtectTable } from '../../../src/core/block/protect.js';
import { createReturns } from '../../../src/core/block/returns.js';
import { newSuspect } from '../../../src/core/block/suspects.js';
import type { Block } from '../../../src/core/model/block.js';
import type { Proof } from '../../../src/core/model/proof.js';
import type { Sighting } from '../../../src/core/model/sighting.js';

const NOW_US = 1_800_000_000_000_000;
const SOURCE = '203.0.113.7';

const POLICY: BlockPolicy = {
  ...DEFAULT_POLICY,
  prefixBlockSources: 3,
  newUnprovenPerMinuteMax: 2,
};

const sighting = (points: number, rule = 'some-rule'): Sighting => ({
  atUs: NOW_US,
  source: SOURCE,
  rule,
  ruleVersion: 1,
  attackType: 'sip_scan',
  points,
  pointsProven: 0,
  reason: `reason of ${rule}`,
  eventIds: [1],
});

const stateWith = createBlockState;

const blockOf = (target: string, change: Partial<Block> = {}): Block => ({
  id: 99,
  target,
  scope: 'sip',
  origin: 'detector',
  proof: 'none',
  rule: 'some-rule',
  attackType: 'sip_scan',
  reason: 'earlier',
  createdAtUs: NOW_US - 1_000_000,
  expiresAtUs: NOW_US + 60_000_000,
  simulated: false,
  forced: false,
  ...change,
});

interface Case {
  readonly source?: string;
  readonly total: number;
  readonly proven?: number;
  readonly proof?: Proof;
  readonly policy?: Partial<BlockPolicy>;
  readonly state?: BlockState;
  readonly sightings?: readonly Sighting[];
  readonly messages?: number;
  readonly answered?: number;
}

function run(given: Case) {
  const { source = SOURCE, total, proven = 0, proof = 'none' } = given;
  const sightings = given.sightings ?? [sighting(total)];
  const score = { total, proven };
  const { messages = 2, answered = 0 } = given;
  const suspect = { ...newSuspect({ score, sightings, ownMessages: 1 }, POLICY.threshold, NOW_US), messages, answered };
  const accusation = { source, score, sightings, proof, suspect };
  const policy = { ...POLICY, ...given.policy };
  return decide(given.state ?? stateWith(), policy, accusation, NOW_US);
}

/** The outcome in one line: `block TARGET SCOPE SECONDS PROOF`, or the verdict's kind. */
function outcome(given: Case): string {
  const verdict = run(given);
  if (verdict.kind === 'covered' && verdict.proven) return 'covered by a proven block';
  if (verdict.kind !== 'block') return verdict.kind;
  const { target, scope, proof, createdAtUs, expiresAtUs, simulated } = verdict.block;
  const seconds = ((expiresAtUs ?? NaN) - createdAtUs) / 1_000_000;
  return `block ${target} ${scope} ${seconds} ${proof}${simulated ? ' simulated' : ''}`;
}

describe('decide', () => {
  const proven = { total: 120, proven: 120, proof: 'nonce' } as const;
  const cases: [string, Case, string][] = [
    ['no points: nothing', { total: 0 }, 'ignore'],
    ['below the threshold: watch', { total: 99.9 }, 'watch'],
    [
      'at the threshold, unproven: SIP ports, short',
      { total: 100 },
      'block 203.0.113.7/32 sip 600 none',
    ],
    ['proven points: everything, an hour', proven, 'block 203.0.113.7/32 all 3600 nonce'],
    [
      'proven points, but this event could be forged: as unproven',
      { ...proven, proof: 'none' },
      'block 203.0.113.7/32 sip 600 none',
    ],
    [
      'enough only with unproven points: as unproven',
      { total: 150, proven: 99, proof: 'nonce' },
      'block 203.0.113.7/32 sip 600 none',
    ],
    ['one message that may be forged: suspect', { total: 100, messages: 1 }, 'suspect'],
    [
      'one message from a proven address: as unproven',
      { total: 100, messages: 1, proof: 'tcp' },
      'block 203.0.113.7/32 sip 600 none',
    ],
    ['unproven = none: watch', { total: 500, policy: { unproven: 'none' } }, 'watch'],
    [
      'unproven = all: everything, still short',
      { total: 500, policy: { unproven: 'all' } },
      'block 203.0.113.7/32 all 600 none',
    ],
    [
      'observing: the same, simulated',
      { ...proven, policy: { observing: true } },
      'block 203.0.113.7/32 all 3600 nonce simulated',
    ],
    [
      'IPv6: the /64',
      { ...proven, source: '2001:db8:1:2:3:4:5:6' },
      'block 2001:db8:1:2::/64 all 3600 nonce',
    ],
    ['no new sighting: nothing new to decide', { total: 500, sightings: [] }, 'watch'],
    [
      'unproven already blocked: nothing to add',
      { total: 300, state: stateWith({ table: createBlockTable([blockOf('203.0.113.7/32')]) }) },
      'covered',
    ],
    [
      'unproven block, now proven: replaced by the harder one',
      { ...proven, state: stateWith({ table: createBlockTable([blockOf('203.0.113.7/32')]) }) },
      'block 203.0.113.7/32 all 3600 nonce',
    ],
    [
      'a wider block of everything by hand covers it: nothing to add',
      {
        ...proven,
        state: stateWith({
          table: createBlockTable([blockOf('203.0.113.0/24', { scope: 'all', origin: 'manual' })]),
        }),
      },
      'covered',
    ],
    [
      'proven already blocked: nothing to add',
      {
        ...proven,
        state: stateWith({
          table: createBlockTable([blockOf('203.0.113.7/32', { scope: 'all', proof: 'tcp' })]),
        }),
      },
      'covered by a proven block',
    ],
    [
      'a simulated block while still observing: it stops nobody, so that it is watched',
      {
        total: 100,
        policy: { observing: true },
        state: stateWith({
          table: createBlockTable([blockOf('203.0.113.7/32', { simulated: true })]),
        }),
      },
      'watch',
    ],
    [
      'a simulated block while enforcing now: the real one',
      {
        total: 100,
        state: stateWith({
          table: createBlockTable([blockOf('203.0.113.7/32', { simulated: true })]),
        }),
      },
      'block 203.0.113.7/32 sip 600 none',
    ],
    [
      'second return: sixteen times as long',
      { ...proven, state: stateWith({ returns: createReturns([['203.0.113.7/32', 2]]) }) },
      'block 203.0.113.7/32 all 57600 nonce',
    ],
    [
      'a return without proof: never longer',
      { total: 100, state: stateWith({ returns: createReturns([['203.0.113.7/32', 2]]) }) },
      'block 203.0.113.7/32 sip 600 none',
    ],
    [
      'the table is full: watch',
      {
        ...proven,
        policy: { blocksMax: 1 },
        state: stateWith({ table: createBlockTable([blockOf('192.0.2.1/32')]) }),
      },
      'watch',
    ],
  ];
  it.each(cases)('%s', (_name, given, expected) => {
    expect(outcome(given)).toBe(expected);
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', 'block 2001:db8:1:2:3:4:5:6/128 all 3600 nonce'],
    ['2001:db8:1:2::9', 'protected'],
    ['2001:db8:1:3::9', 'block 2001:db8:1:3::/64 all 3600 nonce'],
  ])('beside a protected peer of its /64 blocks %s alone, never the peer', (source, expected) => {
    const peers = [{ target: '2001:db8:1:2::9/128', from: 'own address on eth0' }];
    const state = stateWith({ protect: createProtectTable(peers) });
    expect(outcome({ ...proven, source, state })).toBe(expected);
  });

  it('names the block after the sighting that gave most points', () => {
    const sightings = [sighting(10, 'small'), sighting(100, 'large'), sighting(100, 'later')];
    const verdict = run({ total: 210, sightings });
    expect(verdict).toMatchObject({ kind: 'block', block: { rule: 'large' } });
  });

  it('stops blocking unproven sources when the breaker trips, and goes on with proven ones', () => {
    const state = stateWith();
    const outcomes = ['192.0.2.1', '198.51.100.2', '203.0.113.3'].map(
      (source) => run({ total: 100, source, state }).kind,
    );
    expect(outcomes).toEqual(['block', 'block', 'suspect']);
    expect(state.breaker.refused).toBe(1);
    expect(run({ ...proven, source: '192.0.2.4', state }).kind).toBe('block');
    // So are a proven address without enough proven points, and who was answered often.
    expect(run({ total: 100, proof: 'nonce', source: '192.0.2.5', state }).kind).toBe('block');
    expect(run({ total: 100, answered: 19, source: '192.0.2.6', state }).kind).toBe('suspect');
    expect(run({ total: 100, answered: 20, source: '192.0.2.6', state }).kind).toBe('block');
  });

  it('finds the blocks in force even when an ended one lies over the address', () => {
    const table = createBlockTable();
    putBlock(table, blockOf('203.0.113.7/32', { expiresAtUs: NOW_US - 1 }));
    expect(outcome({ total: 100, state: stateWith({ table }) })).toBe(
      'block 203.0.113.7/32 sip 600 none',
    );
  });
});

describe('durationOf', () => {
  it('grows by the factor and stops at the maximum', () => {
    const lengths = [0, 1, 2, 3, 4, 5, 60].map((returns) => durationOf(POLICY, returns));
    expect(lengths).toEqual([3600, 14_400, 57_600, 230_400, 921_600, 2_592_000, 2_592_000]);
  });
});
