import { oldestCovering, putBlock, takeBlock, takeEnded } from './block/block-table.js';
import { settleBreaker } from './block/breaker.js';
import { decide, type BlockState } from './block/decide.js';
import { blocksToLift } from './block/lift.js';
import type { BlockPolicy } from './block/policy.js';
import type { ProtectTable } from './block/protect.js';
import { planRequest, type BlockRequest, type RequestRefusal } from './block/request.js';
import { countReturn } from './block/returns.js';
import {
  detect,
  spendScore,
  type DetectState,
  type RuleFault,
  type RuleSet,
} from './detect/detect.js';
import { kernelScope, type Block, type FirewallChange, type ProtectedPeer } from './model/block.js';
import type { EventRecord, TrapEvent } from './model/event.js';
import { LIMITS } from './model/limits.js';
import type { Sighting } from './model/sighting.js';
import type { Packet } from './model/transport.js';
import { makeUuid } from './model/uuid.js';
import { parseMessage } from './sip/parse.js';
import { answerTo } from './trap/answer.js';
import { proveSource } from './trap/prove.js';
import { isRetransmission, type Retransmissions } from './trap/retransmission.js';

/** What the operator's settings mean to core. */
export interface CoreSettings {
  readonly policy: BlockPolicy;
  readonly scoreHalfLifeS: number;
  /** Digest realm of our challenges. */
  readonly realm: string;
  /** Key of nonces and To-tags, kept over restarts. */
  readonly secret: Buffer;
  /** 30 bits, another at each start; a replay gives a fixed one. */
  readonly seed: number;
}

export interface AgentState {
  settings: CoreSettings;
  rules: RuleSet;
  readonly detect: DetectState;
  readonly retransmissions: Retransmissions;
  blocks: BlockState;
  nextEventId: number;
  readonly counts: AgentCounts;
}

/** Exact counts since the start. received = answered + unanswered. */
export interface AgentCounts {
  received: number;
  answered: number;
  unanswered: number;
  /** Of `unanswered`: withheld because the source is blocked. */
  withheldBlocked: number;
  /** Of `withheldBlocked`: the firewall should have dropped them. */
  stillTalking: number;
  retransmissions: number;
  sightings: number;
  blocks: number;
  protectedSpared: number;
}

export const createCounts = (): AgentCounts => ({
  received: 0,
  answered: 0,
  unanswered: 0,
  withheldBlocked: 0,
  stillTalking: 0,
  retransmissions: 0,
  sightings: 0,
  blocks: 0,
  protectedSpared: 0,
});

export type Input =
  | { readonly kind: 'packet'; readonly packet: Packet }
  | { readonly kind: 'block'; readonly request: BlockRequest }
  | { readonly kind: 'unblock'; readonly target: string }
  /** These peers are protected from now on; blocks of them are lifted. */
  | { readonly kind: 'protect'; readonly protect: ProtectTable }
  /** Nothing is enforced any more: blocks in force become simulated ones. */
  | { readonly kind: 'stand-down' }
  /** Settles the blocks whose end has come. */
  | { readonly kind: 'settle' };

export type EndHow = 'expired' | 'removed' | 'replaced';

/** What the shell around core must do, in this order. */
export type Effect =
  | { readonly kind: 'answer'; readonly bytes: Buffer }
  | { readonly kind: 'event'; readonly record: EventRecord; readonly event: TrapEvent }
  | { readonly kind: 'sighting'; readonly sighting: Sighting }
  | { readonly kind: 'block'; readonly block: Block }
  /** A block that is stored already has changed. */
  | { readonly kind: 'block-changed'; readonly block: Block }
  | {
      readonly kind: 'block-ended';
      readonly block: Block;
      readonly how: EndHow;
      readonly quiet?: true;
    }
  | { readonly kind: 'firewall'; readonly change: FirewallChange }
  | { readonly kind: 'spared'; readonly source: string; readonly peer: ProtectedPeer }
  | { readonly kind: 'breaker'; readonly tripped: boolean }
  | { readonly kind: 'still-talking'; readonly source: string; readonly target: string }
  | { readonly kind: 'fault'; readonly fault: RuleFault }
  | { readonly kind: 'refused'; readonly refusal: RequestRefusal };

/**
 * The whole agent as one function: changes `state`, returns what to do. No clock, no random source,
 * no I/O: `nowUs` is the packet's arrival, so the same recorded input replays to the same effects.
 */
export function step(state: AgentState, input: Input, nowUs: number): readonly Effect[] {
  switch (input.kind) {
    case 'packet':
      return stepPacket(state, input.packet, nowUs);
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
  }
}

function stepPacket(state: AgentState, packet: Packet, nowUs: number): readonly Effect[] {
  const { settings, counts } = state;
  const { source, transport } = packet;
  const message = parseMessage(packet.bytes);
  const event: TrapEvent = {
    id: state.nextEventId++,
    receivedAtUs: nowUs,
    transport,
    source,
    local: packet.local,
    proof: proveSource(message, transport, source.address, settings.secret, nowUs),
    message,
    retransmission: isRetransmission(state.retransmissions, source, message, nowUs),
  };
  counts.received += 1;
  if (event.retransmission) counts.retransmissions += 1;
  const detection = detect(state.detect, state.rules, event, settings);
  const blocking = decideAndBlock(state, event, detection, nowUs);
  const blocker = oldestCovering(state.blocks.table, packet.source.address, nowUs);
  const answer = answerUnlessBlocked(state, event, blocker !== null);
  const record = recordOf(state, event, detection, answer?.status ?? null);
  const effects: Effect[] = answer === null ? [] : [{ kind: 'answer', bytes: answer.bytes }];
  effects.push({ kind: 'event', record, event });
  for (const sighting of detection.sightings) effects.push({ kind: 'sighting', sighting });
  for (const fault of detection.faults) effects.push({ kind: 'fault', fault });
  counts.sightings += detection.sightings.length;
  effects.push(...blocking, ...noteTalking(state, event, blocker, nowUs));
  return effects;
}

function decideAndBlock(
  state: AgentState,
  event: TrapEvent,
  { score, sightings }: Pick<ReturnType<typeof detect>, 'score' | 'sightings'>,
  nowUs: number,
): readonly Effect[] {
  if (sightings.length === 0) return [];
  const source = event.source.address;
  const accusation = { source, score, sightings, proof: event.proof };
  const trippedBefore = state.blocks.breaker.tripped;
  const verdict = decide(state.blocks, state.settings.policy, accusation, nowUs);
  const turned = breakerTurn(state, trippedBefore);
  if (verdict.kind === 'protected') {
    state.counts.protectedSpared += 1;
    return [{ kind: 'spared', source, peer: verdict.peer }];
  }
  if (verdict.kind !== 'block') return turned;
  spendScore(state.detect, source);
  return [...turned, ...begin(state, verdict.block)];
}

/** A blocked source gets no answer, also before the kernel has taken the rule. */
function answerUnlessBlocked(state: AgentState, event: TrapEvent, blocked: boolean) {
  const { secret, realm } = state.settings;
  const answer = blocked ? null : answerTo(event, { secret, realm });
  if (answer === null) state.counts.unanswered += 1;
  else state.counts.answered += 1;
  if (blocked) state.counts.withheldBlocked += 1;
  return answer;
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
  detection: ReturnType<typeof detect>,
  answeredStatus: number | null,
): EventRecord {
  const { bytes } = event.message;
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

function breakerTurn({ blocks }: AgentState, before: boolean): readonly Effect[] {
  const { tripped } = blocks.breaker;
  return tripped === before ? [] : [{ kind: 'breaker', tripped }];
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

/** Puts a block in force: table, memory of returns, store and firewall. */
function begin(state: AgentState, block: Block): readonly Effect[] {
  const { blocks, counts } = state;
  blocks.nextBlockId = block.id + 1;
  counts.blocks += 1;
  if (block.proof !== 'none' && !block.simulated) countReturn(blocks.returns, block.target);
  const before = putBlock(blocks.table, block);
  const effects: Effect[] = before === null ? [] : [endOf(before, 'replaced')];
  effects.push({ kind: 'block', block });
  if (block.simulated) return effects;
  const { target, createdAtUs, expiresAtUs } = block;
  const scope = kernelScope(block);
  const timeoutS = expiresAtUs === null ? null : Math.ceil((expiresAtUs - createdAtUs) / 1_000_000);
  effects.push({ kind: 'firewall', change: { kind: 'add', target, scope, timeoutS } });
  if (before !== null && !before.simulated && kernelScope(before) !== scope) {
    const change = { kind: 'remove', target, scope: kernelScope(before) } as const;
    effects.push({ kind: 'firewall', change });
  }
  return effects;
}

const endOf = (block: Block, how: EndHow): Effect => ({ kind: 'block-ended', block, how });
