import type { Effect, Input } from './flow.js';
import { oldestCovering, putBlock, takeBlock, takeEnded } from './block/block-table.js';
import { settleBreaker } from './block/breaker.js';
import { identitiesOf } from './block/identities.js';
import { blocksToLift } from './block/lift.js';
import type { ProtectTable } from './block/protect.js';
import { noteAnswered } from './block/judge.js';
import { planRequest, type BlockRequest } from './block/request.js';
import { countAnswered } from './counts.js';
import { begin, breakerTurn, decideAndBlock, endOf } from './decision.js';
import { detect, type Detection } from './detect/detect.js';
import { kernelScope, type Block, type FirewallChange } from './model/block.js';
import type { Noted } from './model/anomaly.js';
import type { EventRecord, TrapEvent } from './model/event.js';
import { identityOf } from './model/identity.js';
import { LIMITS } from './common/limits.js';
import { completedTransport, type Proof } from './model/proof.js';
import type { SipMessage } from './model/sip-message.js';
import type { Packet } from './model/transport.js';
import { makeUuid } from './common/uuid.js';
import { stepMirrored, stepReport, stepSensed, stepUnanswered } from './sensed.js';
import { parseMessage } from './sip/parse.js';
import type { AgentState, CoreSettings } from './state.js';
import { answerRequest, type Answered } from './trap/answer.js';
import { findCall, takeOverdue } from './trap/calls.js';
import { bearsOurTag, mayBeWebPage, proveSource } from './trap/proof/prove.js';
import { isRetransmission } from './trap/retransmission.js';

export type { AgentState, CoreSettings } from './state.js';

/**
 * The whole agent as one function: changes `state`, returns what to do. No clock, no random source,
 * no I/O: `nowUs` is the packet's arrival, so the same recorded input replays to the same effects.
 */
export function step(state: AgentState, input: Input, nowUs: number): readonly Effect[] {
  switch (input.kind) {
    case 'packet':
      return stepPacket(state, input.packet, null, nowUs);
    case 'recorded':
      return stepPacket(state, input.packet, input.proof, nowUs);
    case 'mirrored':
      return stepMirrored(state, input.packet, input.sensor, nowUs);
    case 'report':
      return stepReport(state, input.report, nowUs);
    case 'sensed': {
      const message = parseMessage(input.sensed.packet.bytes);
      return stepSensed(state, { ...input.sensed, message }, nowUs);
    }
    case 'block':
      return stepRequest(state, input.request, nowUs);
    case 'unblock':
      return stepUnblock(state, input.target);
    case 'protect':
      return stepProtect(state, input.protect, nowUs);
    case 'stand-down':
      return stepStandDown(state);
    case 'settle':
      return stepSettle(state, nowUs);
    case 'tick': {
      const { callDurationMaxUs } = state.settings.answers;
      const ended = takeOverdue(state.answers.calls, callDurationMaxUs, nowUs);
      const calls = ended.map((call): Effect => ({ kind: 'call', call }));
      return [...calls, ...stepUnanswered(state, nowUs)];
    }
  }
}

/** `recorded` null: the proof is to be found here. */
function stepPacket(
  state: AgentState,
  packet: Packet,
  recorded: Proof | null,
  nowUs: number,
): readonly Effect[] {
  const { settings, counts } = state;
  const { source, transport } = packet;
  const { noted = NOTHING_NOTED } = packet;
  const message = parseMessage(packet.bytes, noted);
  const event: TrapEvent = {
    id: state.nextEventId++,
    receivedAtUs: nowUs,
    transport,
    source,
    identity: identityOf(identitiesOf(settings.policy, state.blocks.protect), source.address),
    local: packet.local,
    proof: recorded ?? proofOf(packet, message, settings, nowUs),
    message,
    inDialog: isInDialog(state, packet, message, recorded, nowUs),
    // A stream repeats nothing by itself (RFC 3261, 17.1): what comes twice there was sent twice.
    retransmission:
      transport === 'udp' && isRetransmission(state.retransmissions, source, message, nowUs),
  };
  counts.received += 1;
  if (event.retransmission) counts.retransmissions += 1;
  const detection = detect(state.detect, state.rules, event, settings);
  const blocking = decideAndBlock(state, event, detection, nowUs);
  const blocker = oldestCovering(state.blocks.table, packet.source.address, nowUs);
  const answered = answerUnlessBlocked(state, packet, event, blocker !== null);
  if (answered !== null) {
    noteAnswered(state.blocks, settings.policy, event, detection, answered, nowUs);
  }
  const record = recordOf(state, event, packet, detection, answered?.status ?? null);
  const effects: Effect[] = [];
  for (const bytes of answered?.messages ?? []) effects.push({ kind: 'answer', bytes });
  effects.push({ kind: 'event', record, event });
  for (const sighting of detection.sightings) effects.push({ kind: 'sighting', sighting });
  for (const fault of detection.faults) effects.push({ kind: 'fault', fault });
  for (const call of answered?.calls ?? []) effects.push({ kind: 'call', call });
  counts.sightings += detection.sightings.length;
  effects.push(...blocking, ...noteTalking(state, event, blocker, nowUs));
  return effects;
}

const NOTHING_NOTED: readonly Noted[] = [];

function proofOf(
  packet: Packet,
  message: SipMessage,
  { answers }: CoreSettings,
  nowUs: number,
): Proof {
  if (packet.transport !== 'udp' && mayBeWebPage(message, packet.noted ?? NOTHING_NOTED)) {
    return 'none';
  }
  const { address } = packet.source;
  return proveSource(message, completedTransport(packet), address, answers.secret, nowUs);
}

/** Of a record nobody knows which tags were given: those that are there are believed. */
function isInDialog(
  { answers, settings }: AgentState,
  { source }: Packet,
  message: SipMessage,
  recorded: Proof | null,
  nowUs: number,
): boolean {
  const { toTag } = message;
  if (toTag === null || toTag === '') return false;
  if (recorded !== null || bearsOurTag(message, source.address, settings.answers.secret, nowUs))
    return true;
  // A call may be longer than its tag is known by itself.
  return findCall(answers.calls, { source, message }) !== null;
}

/** A blocked source gets no answer, also before the kernel has taken the rule. */
function answerUnlessBlocked(
  state: AgentState,
  packet: Packet,
  event: TrapEvent,
  blocked: boolean,
): Answered | null {
  const { settings, answers, counts } = state;
  if (blocked) {
    counts.unanswered += 1;
    counts.withheldBlocked += 1;
    return null;
  }
  // A broken frame ends its connection: what goes back is the WebSocket's own close, no SIP.
  const broken = packet.noted?.some((each) => each !== 'web-page') ?? false;
  if (packet.handshake === 'failed' || broken) {
    counts.unanswered += 1;
    counts.noAnswerDue += 1;
    return null;
  }
  const answered = answerRequest(event, settings.answers, answers);
  countAnswered(counts, answered);
  return answered;
}

/** A packet that came well after its source was blocked should not have reached us. */
function noteTalking(
  state: AgentState,
  event: TrapEvent,
  blocker: Block | null,
  nowUs: number,
): readonly Effect[] {
  if (blocker === null || nowUs - blocker.createdAtUs < LIMITS.stillTalkingGraceUs) return [];
  const { address: source } = event.source;
  const { target } = blocker;
  state.counts.stillTalking += 1;
  state.blocks.stillTalking = { source, target, atUs: nowUs };
  return [{ kind: 'still-talking', source, target }];
}

function recordOf(
  state: AgentState,
  event: TrapEvent,
  packet: Packet,
  detection: Detection,
  answeredStatus: number | null,
): EventRecord {
  const { bytes, anomalies } = event.message;
  return {
    id: event.id,
    uuid: makeUuid(event.receivedAtUs, state.settings.seed, event.id),
    receivedAtUs: event.receivedAtUs,
    transport: event.transport,
    source: event.source,
    local: event.local,
    proof: event.proof,
    attackType: detection.attackType,
    score: detection.score.total,
    answeredStatus,
    raw: bytes.length > LIMITS.rawBytesMax ? bytes.subarray(0, LIMITS.rawBytesMax) : bytes,
    rawLength: bytes.length,
    ordinary: anomalies.length === 0,
    sensor: 'trap',
    outcome: 'none',
    tls: packet.tls ?? null,
    noted: packet.noted ?? NOTHING_NOTED,
  };
}

function stepRequest(state: AgentState, request: BlockRequest, nowUs: number): readonly Effect[] {
  const plan = planRequest(state.blocks, request, state.settings.policy, nowUs);
  if ('refusal' in plan) return [{ kind: 'refused', refusal: plan.refusal }];
  return begin(state, plan.block);
}

function stepSettle(state: AgentState, nowUs: number): readonly Effect[] {
  const { breaker, table } = state.blocks;
  const trippedBefore = breaker.tripped;
  settleBreaker(breaker, state.settings.policy.newUnprovenPerMinuteMax, nowUs);
  const ended = takeEnded(table, nowUs).map((block) => endOf(block, 'expired'));
  return [...breakerTurn(state, trippedBefore), ...ended];
}

/** What is not in the firewall must not be taken for a block. */
function stepStandDown(state: AgentState): readonly Effect[] {
  const { table } = state.blocks;
  const real = [...table.byTarget.values()].filter((block) => !block.simulated);
  return real.map((each) => {
    const block = { ...each, simulated: true };
    putBlock(table, block);
    return { kind: 'block-changed', block };
  });
}

function stepProtect(state: AgentState, protect: ProtectTable, nowUs: number): readonly Effect[] {
  const before = state.blocks.protect;
  state.blocks = { ...state.blocks, protect };
  const lifted = blocksToLift(state.blocks.table, before, protect, nowUs);
  return lifted.flatMap((block) => stepUnblock(state, block.target));
}

function stepUnblock(state: AgentState, target: string): readonly Effect[] {
  const block = takeBlock(state.blocks.table, target);
  if (block === null) return [];
  const change: FirewallChange = { kind: 'remove', target, scope: kernelScope(block) };
  const ended = endOf(block, 'removed');
  return block.simulated ? [ended] : [ended, { kind: 'firewall', change }];
}
