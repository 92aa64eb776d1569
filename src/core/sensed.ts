import { identitiesOf } from './block/identities.js';
import { LIMITS } from './common/limits.js';
import { makeUuid } from './common/uuid.js';
import { decideAndBlock } from './decision.js';
import { detect, type Detection } from './detect/detect.js';
import type { Effect } from './flow.js';
import type { EventRecord, TrapEvent } from './model/event.js';
import { identityOf } from './model/identity.js';
import type { LogReport } from './model/log-report.js';
import type { Proof } from './model/proof.js';
import type { Outcome, Sensor } from './model/sensor.js';
import type { SipMessage } from './model/sip-message.js';
import type { Packet } from './model/transport.js';
import { takeMirrored, takeUnanswered, type Mirror } from './pbx/pairing.js';
import { holds, renew } from './pbx/recent.js';
import { messageOfReport } from './pbx/report-message.js';
import { parseMessage } from './sip/parse.js';
import type { AgentState } from './state.js';
import { isRetransmission } from './trap/retransmission.js';

/** A request that was sent to the PBX, with what became of it. */
export interface Sensed {
  readonly packet: Packet;
  readonly message: SipMessage;
  readonly sensor: Exclude<Sensor, 'trap'>;
  readonly outcome: Outcome;
  readonly proof: Proof;
}

/**
 * A message that a mirror shows. A request waits for the PBX's final response; when that comes the
 * request is an event, at the response's time.
 */
export function stepMirrored(
  state: AgentState,
  packet: Packet,
  sensor: Mirror,
  nowUs: number,
): readonly Effect[] {
  const { pairing, isOwn } = state.pbx;
  const message = parseMessage(packet.bytes);
  const unanswered = takeUnanswered(pairing, nowUs);
  const repeated =
    message.kind === 'request' &&
    isRetransmission(state.retransmissions, packet.source, message, nowUs);
  const heard = repeated ? [] : takeMirrored(pairing, packet, { message, sensor }, isOwn, nowUs);
  return [...unanswered, ...heard].flatMap((each) => stepSensed(state, each, nowUs));
}

/** Requests without a final response are events once nobody can expect one any more. */
export const stepUnanswered = (state: AgentState, nowUs: number): readonly Effect[] =>
  takeUnanswered(state.pbx.pairing, nowUs).flatMap((each) => stepSensed(state, each, nowUs));

/** What a line of a PBX's log says that somebody did. */
export function stepReport(state: AgentState, report: LogReport, nowUs: number): readonly Effect[] {
  const { source, transport, outcome, proof } = report;
  const bytes = messageOfReport(report);
  const local = { address: report.source.address.includes(':') ? '::' : '0.0.0.0', port: 0 };
  const packet = { receivedAtUs: nowUs, transport, source, local, bytes };
  return stepSensed(
    state,
    { packet, message: parseMessage(bytes), sensor: 'log', outcome, proof },
    nowUs,
  );
}

/** One request to the PBX, through detection and decision. The trap answers nothing here. */
export function stepSensed(
  state: AgentState,
  { packet, message, sensor, outcome, proof }: Sensed,
  nowUs: number,
): readonly Effect[] {
  const { settings, counts, pbx } = state;
  const { source, local, transport } = packet;
  const identity = identityOf(identitiesOf(settings.policy, state.blocks.protect), source.address);
  const event: TrapEvent = {
    id: state.nextEventId++,
    receivedAtUs: nowUs,
    transport,
    source,
    identity,
    local,
    proof,
    message,
    sensor,
    outcome,
    vouched: holds(pbx.vouched, identity, nowUs),
    retransmission: false,
  };
  counts.sensed += 1;
  // Who cannot show that the address is his vouches for nobody.
  if (outcome === 'succeeded' && proof !== 'none') renew(pbx.vouched, identity, nowUs);
  const detection = detect(state.detect, state.rules, event, settings);
  const blocking = decideAndBlock(state, event, detection, nowUs);
  const effects: Effect[] = [];
  if (blocking.length > 0 || isKept(event, detection)) {
    effects.push({ kind: 'event', record: recordOf(state, event, detection), event });
  } else {
    effects.push({ kind: 'welcome', event });
  }
  for (const sighting of detection.sightings) effects.push({ kind: 'sighting', sighting });
  for (const fault of detection.faults) effects.push({ kind: 'fault', fault });
  counts.sightings += detection.sightings.length;
  effects.push(...blocking);
  return effects;
}

/** What honest people do at the PBX is not kept: who they are, whom they call, their credentials. */
function isKept({ outcome, vouched }: TrapEvent, { sightings }: Detection): boolean {
  if (sightings.length > 0) return true;
  if (outcome === 'succeeded' || outcome === 'answered') return false;
  return outcome === 'failed' || vouched !== true;
}

function recordOf(state: AgentState, event: TrapEvent, detection: Detection): EventRecord {
  const { id, receivedAtUs, transport, source, local, proof } = event;
  const { sensor = 'trap', outcome = 'none' } = event;
  const { bytes, anomalies } = event.message;
  return {
    id,
    uuid: makeUuid(receivedAtUs, state.settings.seed, id),
    receivedAtUs,
    transport,
    source,
    local,
    proof,
    attackType: detection.attackType,
    score: detection.score.total,
    answeredStatus: null,
    raw:
      outcome === 'succeeded'
        ? withoutResponse(event.message)
        : bytes.subarray(0, LIMITS.rawBytesMax),
    rawLength: bytes.length,
    // What a line does not say is no anomaly of a message.
    ordinary: sensor === 'log' || anomalies.length === 0,
    tls: null,
    noted: [],
    sensor,
    outcome,
  };
}

/** A password that works must not be found out from what is kept. */
function withoutResponse({ bytes, authorization }: SipMessage): Buffer {
  const raw = Buffer.from(bytes.subarray(0, LIMITS.rawBytesMax));
  const response = authorization?.response ?? '';
  if (response === '') return raw;
  for (let at = raw.indexOf(response); at !== -1; at = raw.indexOf(response, at)) {
    raw.fill('x', at, at + response.length);
  }
  return raw;
}
