import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../core/common/errors.js';
import { createBlockState } from '../core/block/decide.js';
import { createCounts, type AgentCounts } from '../core/counts.js';
import { createDetectState } from '../core/detect/detect.js';
import type { FirewallChange } from '../core/model/block.js';
import { LIMITS } from '../core/common/limits.js';
import type { Packet } from '../core/model/transport.js';
import { createFramer, push } from '../core/sip/frame.js';
import { buildCreateScript, type KnownSets } from '../firewall/nftables/changes.js';
import { createPacker } from '../store/write/pack.js';
import { step, type AgentState } from '../core/step.js';
import { createAnswerState } from '../core/trap/answer.js';
import { createPbxState } from '../core/pbx/state.js';
import { createRetransmissions } from '../core/trap/retransmission.js';
import { createEffectRunner, type EffectRunner } from './effects.js';

/** With fewer V8 compiles many functions only when the crowd is there; more take longer for little. */
const PACKETS = 6_000;
/** So many take a few milliseconds while the code is new; then others have their turn. */
const PACKETS_A_TURN = 15;
/** Who had more than a little to do meanwhile has real packets, which are to wait for few of these. */
const BUSY_MS = 0.2;
const PACKETS_WHEN_BUSY = 1;
const BEGAN_AT_US = 1_767_225_600_000_000;
const GAP_US = 2_000;
/** As many as go to the kernel together in a crowd, and a batch of events. */
const TOGETHER = LIMITS.firewallCrowdChanges;
const KNOWN: KnownSets = {
  names: new Set(['all_ipv4_32', 'sip_ipv4_32']),
  elementsMax: PACKETS,
};
const LIMITS_OF_REHEARSAL = {
  groupsMax: 10_000,
  recordsMax: 40_000,
  networksMax: 4_000,
  scoredSourcesMax: PACKETS,
};
const FRAMER_LIMITS = {
  headBytesMax: LIMITS.streamHeadBytesMax,
  messageBytesMax: LIMITS.streamMessageBytesMax,
};
const LOCAL = { address: '192.0.2.1', port: 5060 };

/** Begins to warm up; returns what ends it. A failure is told, and hurts nobody. */
export function startWarmUp(
  state: Pick<AgentState, 'settings' | 'rules'>,
  say: (text: string) => void,
): () => void {
  let over = false;
  warmUp(state, () => over).catch((error: unknown) => {
    say(`the warm-up failed: ${messageOf(error)}; report this as a bug, nothing else is amiss`);
  });
  return () => {
    over = true;
  };
}

/**
 * Lets made-up packets go through a core without a past, whose effects come to nothing. V8 reads
 * and compiles code when it is first run: without this the first crowd of attackers after a start
 * waits a third longer for its blocks. Gives way to whatever else there is; `isOver` ends it.
 * Resolves to what that core has counted.
 */
export async function warmUp(
  { settings, rules }: Pick<AgentState, 'settings' | 'rules'>,
  isOver: () => boolean,
): Promise<AgentCounts> {
  const state: AgentState = {
    settings: { ...settings, policy: { ...settings.policy, observing: false, blocksMax: PACKETS } },
    rules,
    detect: createDetectState(LIMITS_OF_REHEARSAL),
    retransmissions: createRetransmissions(0, PACKETS),
    answers: createAnswerState(),
    pbx: createPbxState(),
    blocks: createBlockState(),
    nextEventId: 1,
    counts: createCounts(),
  };
  const runner = createHollowRunner();
  let turnEndsAt = PACKETS_A_TURN;
  for (let number = 0; number < PACKETS && !isOver(); number += 1) {
    const packet = packetOf(number);
    runner.run(step(state, { kind: 'packet', packet }, packet.receivedAtUs), ignore);
    if (number + 1 < turnEndsAt) continue;
    const leftAtMs = performance.now();
    await setImmediate();
    const busy = performance.now() - leftAtMs > BUSY_MS;
    turnEndsAt += busy ? PACKETS_WHEN_BUSY : PACKETS_A_TURN;
  }
  runner.stop();
  return state.counts;
}

const ignore = (): void => undefined;

/** Effects become what would go to the store, the log and the kernel, and nothing takes it. */
function createHollowRunner(): EffectRunner {
  const packer = createPacker();
  let changes: FirewallChange[] = [];
  return createEffectRunner({
    keep: (record) => {
      packer.add(record);
      if (packer.count() === TOGETHER) packer.take();
    },
    changeFirewall: (change) => {
      changes.push(change);
      if (changes.length < TOGETHER) return;
      buildCreateScript('warm_up', changes, KNOWN);
      changes = [];
    },
    write: ignore,
    say: ignore,
    onEvent: ignore,
    onBreaker: ignore,
    onStillTalking: ignore,
    nowUs: () => BEGAN_AT_US,
  });
}

const METHODS = ['OPTIONS', 'REGISTER', 'INVITE'] as const;

/**
 * Half come from new sources over TCP, with a scanner's name, four of each network; half over UDP,
 * four in a row of each source. Class E, which nobody has.
 */
function packetOf(number: number): Packet {
  const isScan = number % 2 === 0;
  const address = isScan
    ? `240.${(number >> 11) & 255}.${(number >> 3) & 255}.${number & 7}`
    : `241.${(number >> 11) & 255}.${(number >> 3) & 255}.1`;
  const method = isScan ? 'OPTIONS' : (METHODS[number % 3] ?? 'OPTIONS');
  const transport = isScan ? 'tcp' : 'udp';
  const user = 100 + (number % 400);
  const text = [
    `${method} sip:${method === 'INVITE' ? `0044${user}0000000` : user}@${LOCAL.address} SIP/2.0`,
    `Via: SIP/2.0/${transport.toUpperCase()} ${address}:5060;branch=z9hG4bK-${number};rport`,
    'Max-Forwards: 70',
    `From: "${user}" <sip:${user}@${LOCAL.address}>;tag=t${number}`,
    `To: <sip:${user}@${LOCAL.address}>`,
    `Call-ID: call-${number}`,
    `CSeq: ${number} ${method}`,
    `Contact: <sip:${user}@${address}:5060>`,
    `User-Agent: ${isScan ? 'friendly-scanner' : 'phone'}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  const bytes = Buffer.from(text, 'latin1');
  return {
    receivedAtUs: BEGAN_AT_US + number * GAP_US,
    transport,
    source: { address, port: 5060 },
    local: LOCAL,
    bytes: isScan ? (push(createFramer(FRAMER_LIMITS), bytes).messages[0] ?? bytes) : bytes,
  };
}
