import { join } from 'node:path';
import { loadRules } from '../../../src/config/rules/rules.js';
import type { AttackType } from '../../../src/core/model/attack-type.js';
import { ATTACK_TYPES } from '../../../src/core/model/attack-type.js';
import type { TrapEvent } from '../../../src/core/model/event.js';
import { transportProof } from '../../../src/core/model/proof.js';
import type { Proof } from '../../../src/core/model/proof.js';
import type { Sighting } from '../../../src/core/model/sighting.js';
import type { Transport } from '../../../src/core/model/transport.js';
import { compileRules, createDetectState, detect } from '../../../src/core/detect/detect.js';
import { parseMessage } from '../../../src/core/sip/parse.js';

export const POLICY = { scoreHalfLifeS: 3_600 };
export const THRESHOLD = 100;
export const START_US = 1_767_225_600_000_000;

export const builtInRules = await loadRules([join(import.meta.dirname, '../../../rules')]);
export const builtInRuleSet = compileRules(builtInRules);

/** A packet as the fixtures hold it: `t` in seconds, `src` as ADDRESS:PORT, `raw` in latin-1. */
export interface RecordedPacket {
  readonly t: number;
  readonly src: string;
  readonly transport: Transport;
  readonly raw: string;
  readonly proof?: Proof;
}

export interface Outcome {
  readonly source: string;
  readonly packets: number;
  readonly attackType: AttackType | null;
  readonly peakTotal: number;
  readonly peakProven: number;
  /** The packet, counted from 1, that brings the threshold; null: none does. */
  readonly blockedAt: number | null;
  /** What a block would be for: the attack of the sighting with most points on that packet. */
  readonly blockedAs: AttackType | null;
  readonly rules: readonly string[];
  readonly sightings: readonly Sighting[];
}

/**
 * Plays packets through the parser and the built-in rules, and says what became of each source.
 * Over UDP, digest credentials count as an answer to our challenge unless the packet says else.
 */
export function replay(
  packets: readonly RecordedPacket[],
  ruleSet = builtInRuleSet,
): readonly Outcome[] {
  const state = createDetectState();
  const outcomes = new Map<string, Outcome>();
  const seen = new Set<string>();
  packets.forEach((packet, index) => {
    const event = toEvent(packet, index + 1, seen);
    const { sightings, score, attackType } = detect(state, ruleSet, event, POLICY);
    const last = outcomes.get(event.source.address) ?? EMPTY;
    const count = last.packets + 1;
    outcomes.set(event.source.address, {
      source: event.source.address,
      packets: count,
      attackType: worse(last.attackType, attackType),
      peakTotal: Math.max(last.peakTotal, score.total),
      peakProven: Math.max(last.peakProven, score.proven),
      blockedAt: last.blockedAt ?? (score.total >= THRESHOLD ? count : null),
      blockedAs: last.blockedAs ?? (score.total >= THRESHOLD ? leading(sightings) : null),
      rules: [...new Set([...last.rules, ...sightings.map(({ rule }) => rule)])],
      sightings: [...last.sightings, ...sightings],
    });
  });
  return [...outcomes.values()];
}

const EMPTY: Omit<Outcome, 'source'> = {
  packets: 0,
  attackType: null,
  peakTotal: 0,
  peakProven: 0,
  blockedAt: null,
  blockedAs: null,
  rules: [],
  sightings: [],
};

function leading(sightings: readonly Sighting[]): AttackType | null {
  const most = Math.max(...sightings.map(({ points }) => points));
  return sightings.find(({ points }) => points === most)?.attackType ?? null;
}

function toEvent(packet: RecordedPacket, id: number, seen: Set<string>): TrapEvent {
  const message = parseMessage(Buffer.from(packet.raw, 'latin1'));
  const colon = packet.src.lastIndexOf(':');
  const address = packet.src.slice(0, colon);
  const dialog = [message.callId, message.viaBranch, message.cseqNumber, message.cseqMethod];
  const key = JSON.stringify([address, ...dialog]);
  const retransmission = message.viaBranch !== null && seen.has(key);
  seen.add(key);
  const fallback = message.authorization === null ? transportProof(packet.transport) : 'nonce';
  return {
    id,
    receivedAtUs: START_US + Math.round(packet.t * 1e6),
    transport: packet.transport,
    source: { address, port: Number(packet.src.slice(colon + 1)) },
    local: { address: '192.0.2.1', port: 5060 },
    proof: packet.proof ?? fallback,
    message,
    retransmission,
  };
}

export function worse(a: AttackType | null, b: AttackType | null): AttackType | null {
  if (a === null || b === null) return a ?? b;
  return ATTACK_TYPES.indexOf(b) > ATTACK_TYPES.indexOf(a) ? b : a;
}
