import { DEFAULT_POLICY } from '../../default-policy.js';
import { describe, expect, it } from 'vitest';
import { createBlockState, type BlockState } from '../../../src/core/block/decide.js';
import { judge, noteAnswered } from '../../../src/core/block/judge.js';
import type { BlockPolicy } from '../../../src/core/block/policy.js';
import { createProtectTable } from '../../../src/core/block/protect.js';
import type { Detection } from '../../../src/core/detect/detect.js';
import type { Block } from '../../../src/core/model/block.js';
import type { TrapEvent } from '../../../src/core/model/event.js';
import { identityOf } from '../../../src/core/model/identity.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { Proof } from '../../../src/core/model/proof.js';
import { parseMessage } from '../../../src/core/sip/parse.js';
import type { Answered } from '../../../src/core/trap/answer.js';

const ANSWERED = { messages: [Buffer.from('')], withheld: null } as unknown as Answered;
const UNANSWERED = { messages: [], withheld: 'rate' } as unknown as Answered;
const MESSAGE = parseMessage(Buffer.from('OPTIONS sip:192.0.2.1 SIP/2.0\r\n\r\n'));

interface Sent {
  readonly source: string;
  /** Points of a rule that counts the sources of a network, and how many over proven ones alone. */
  readonly points?: number;
  readonly pointsProven?: number;
  readonly proof?: Proof;
  readonly atUs?: number;
  readonly answered?: boolean;
  readonly retransmission?: boolean;
}

/** Hands messages in which a rule sees too many sources of a network to the judge. */
function createJudge(policy: Partial<BlockPolicy> = {}, state: BlockState = createBlockState()) {
  const full = { ...DEFAULT_POLICY, ...policy };
  const send = (sent: Sent): Block | null => {
    const { source: address, points = 100, pointsProven = 0, proof = 'none', atUs = 0 } = sent;
    const event: TrapEvent = {
      id: 1,
      receivedAtUs: atUs,
      transport: 'udp',
      source: { address, port: 5060 },
      identity: identityOf({ prefixIpv4: 32, prefixIpv6: 64, shared: new Set() }, address),
      local: { address: '192.0.2.1', port: 5060 },
      proof,
      message: MESSAGE,
      retransmission: sent.retransmission ?? false,
    };
    const sighting = {
      atUs,
      source: address,
      rule: 'site-hopper',
      ruleVersion: 1,
      attackType: 'sip_scan',
      points: 0,
      pointsProven: 0,
      reason: 'many',
      eventIds: [1, 2],
    } as const;
    const detection: Detection = {
      sightings: [sighting],
      score: { total: 0, proven: 0 },
      attackType: 'sip_scan',
      pointsSeen: 0,
      pointsProvenSeen: 0,
      flooding: false,
      siteSeen: { points, pointsProven },
      ownMessages: 1,
      faults: [],
    };
    const verdict = judge(state, full, event, detection, atUs);
    if (verdict?.kind === 'block') return verdict.block;
    const answered = (sent.answered ?? true) ? ANSWERED : UNANSWERED;
    noteAnswered(state, full, event, detection, answered, atUs);
    return null;
  };
  /** Of so many sources of a /48, a message each: the first block, and at which message. */
  const hop = (times: number, sent: Partial<Sent> = {}): string | null => {
    for (let index = 1; index <= times; index += 1) {
      const block = send({ source: `2001:db8:7:${index.toString(16)}::1`, ...sent });
      if (block !== null) return `${index}: ${block.target} ${block.scope} ${block.proof}`;
    }
    return null;
  };
  return { send, hop, state };
}

describe('an IPv6 site', () => {
  it.each<readonly [string, Partial<BlockPolicy>, Partial<Sent>, string | null]>([
    ['is blocked after twenty answered messages', {}, {}, '21: 2001:db8:7::/48 sip none'],
    [
      'of proven sources wholly',
      {},
      { proof: 'tcp', pointsProven: 100 },
      '21: 2001:db8:7::/48 all tcp',
    ],
    [
      'whose proven sources a rule may be wrong about: the SIP ports',
      {},
      { proof: 'tcp', pointsProven: 0 },
      '21: 2001:db8:7::/48 sip none',
    ],
    ['never wholly without proof', { unproven: 'all' }, {}, '21: 2001:db8:7::/48 sip none'],
    ['not at all where the settings say so', { unproven: 'none' }, {}, null],
    ['not where nothing was answered', {}, { answered: false }, null],
    ['not by what is sent again', {}, { retransmission: true }, null],
    ['not by what is hardly an attack', {}, { points: 24 }, null],
    ['not for what one source goes on with', {}, { source: '2001:db8:7:9::1' }, null],
    [
      'source by source where networks are not to be blocked',
      { prefixBlockSources: 0 },
      {},
      '21: 2001:db8:7:15::/64 sip none',
    ],
    [
      'by parts of the length asked for',
      { prefixBlockIpv6: 56 },
      {},
      '21: 2001:db8:7::/56 sip none',
    ],
    ['never by more than was seen', { prefixBlockIpv6: 32 }, {}, '21: 2001:db8:7::/48 sip none'],
  ])('%s', (_what, policy, sent, expected) => {
    expect(createJudge(policy).hop(60, sent)).toBe(expected);
  });

  it('is no IPv4 network, which has many owners', () => {
    const { send } = createJudge();
    for (let index = 0; index < 200; index += 1) {
      expect(send({ source: `203.0.113.${index}` })).toBeNull();
    }
  });

  it('is blocked source by source around a protected peer, who is spared', () => {
    const peers = [{ target: '2001:db8:7:99::1/128', from: 'blocking.protect' }];
    const { hop, send } = createJudge({}, createBlockState({ protect: createProtectTable(peers) }));
    expect(hop(60)).toBe('21: 2001:db8:7:15::/64 sip none');
    expect(send({ source: '2001:db8:7:99::1' })).toBeNull();
  });

  it('is forgotten after ten minutes', () => {
    const { hop } = createJudge();
    hop(20);
    expect(hop(1, { atUs: 599_000_000 })).toBe('1: 2001:db8:7::/48 sip none');
    expect(hop(20, { atUs: 600_000_000 })).toBeNull();
  });

  it('that forgers name fills no count of proven sources', () => {
    const { hop } = createJudge();
    hop(20);
    expect(hop(1, { proof: 'tcp', pointsProven: 100 })).toBe('1: 2001:db8:7::/48 sip none');
  });

  it('is remembered while others come, in a bounded number', () => {
    const { send, hop, state } = createJudge();
    for (let index = 0; index < LIMITS.sites.max * 2; index += 1) {
      send({ source: `2001:db8:${(0x1000 + index).toString(16)}::1` });
      if (index % 1_000 === 0) hop(1);
    }
    expect(state.sites.size).toBe(LIMITS.sites.max);
    expect(state.sites.has('2001:db8:7::/48')).toBe(true);
  });
});
