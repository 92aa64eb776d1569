import type { Anomaly } from '../core/model/anomaly.js';
import type { AttackType } from '../core/model/attack-type.js';
import type { BlockOrigin, Scope } from '../core/model/block.js';
import type { Outcome, Sensor } from '../core/model/sensor.js';
import type { Proof } from '../core/model/proof.js';
import type { Sighting } from '../core/model/sighting.js';
import type { Endpoint, TlsRecord, Transport } from '../core/model/transport.js';
import type { BlockEnd, StoredBlock } from './types.js';

/** An event as it is stored. Text of packets is escaped (quoteText) and cut. */
export interface StoredEvent {
  readonly id: number;
  readonly uuid: string;
  readonly receivedAtUs: number;
  readonly transport: Transport;
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly proof: Proof;
  readonly kind: 'request' | 'response' | 'other';
  readonly method: string | null;
  readonly requestUri: string | null;
  readonly statusCode: number | null;
  readonly calledNumber: string | null;
  readonly fromUser: string | null;
  readonly toUser: string | null;
  readonly authUser: string | null;
  readonly userAgent: string | null;
  readonly callId: string | null;
  readonly attackType: AttackType | null;
  readonly score: number;
  readonly answeredStatus: number | null;
  readonly anomalies: readonly Anomaly[];
  /** The bytes, when they were asked for and are still kept. */
  readonly raw: Buffer | null;
  readonly rawLength: number;
  readonly tls: TlsRecord | null;
  readonly sensor: Sensor;
  readonly outcome: Outcome;
}

/** Columns of a row of `events`, of `blocks` and of `sightings`, as the SELECTs here name them. */
export const EVENT_ROW = `id, uuid, received_at_us, transport, source_ip, source_port,
  destination_ip, destination_port, proof, kind, method, request_uri, status_code, called_number,
  from_user, to_user, auth_user, user_agent, call_id, attack_type, score, answered_status,
  anomalies, raw_length, tls_version, tls_cipher, tls_sni, sensor, outcome`;

export const BLOCK_ROW = `id, target, scope, origin, proof, rule, attack_type, reason,
  created_at_us, expires_at_us, simulated, forced, ended_at_us, end_how, packets_dropped`;

export const SIGHTING_ROW = `at_us, source, rule, rule_version, attack_type, points,
  points_proven, reason, event_ids`;

// The unions below hold because this program alone writes the database, from the same types.
export interface EventRow {
  readonly id: number;
  readonly uuid: string;
  readonly received_at_us: number;
  readonly transport: Transport;
  readonly source_ip: string;
  readonly source_port: number;
  readonly destination_ip: string;
  readonly destination_port: number;
  readonly proof: Proof;
  readonly kind: 'request' | 'response' | 'other';
  readonly method: string | null;
  readonly request_uri: string | null;
  readonly status_code: number | null;
  readonly called_number: string | null;
  readonly from_user: string | null;
  readonly to_user: string | null;
  readonly auth_user: string | null;
  readonly user_agent: string | null;
  readonly call_id: string | null;
  readonly attack_type: AttackType | null;
  readonly score: number;
  readonly answered_status: number | null;
  readonly anomalies: string;
  readonly raw?: Buffer | null;
  readonly raw_length: number;
  readonly tls_version: string | null;
  readonly tls_cipher: string | null;
  readonly tls_sni: string | null;
  readonly sensor: Sensor;
  readonly outcome: Outcome;
}

export interface BlockRow {
  readonly id: number;
  readonly target: string;
  readonly scope: Scope;
  readonly origin: BlockOrigin;
  readonly proof: Proof;
  readonly rule: string | null;
  readonly attack_type: AttackType | null;
  readonly reason: string;
  readonly created_at_us: number;
  readonly expires_at_us: number | null;
  readonly simulated: number;
  readonly forced: number;
  readonly ended_at_us: number | null;
  readonly end_how: BlockEnd | null;
  readonly packets_dropped: number;
}

export interface SightingRow {
  readonly at_us: number;
  readonly source: string;
  readonly rule: string;
  readonly rule_version: number;
  readonly attack_type: AttackType;
  readonly points: number;
  readonly points_proven: number;
  readonly reason: string;
  readonly event_ids: string;
}

export function storedEvent(row: EventRow): StoredEvent {
  return {
    id: row.id,
    uuid: row.uuid,
    receivedAtUs: row.received_at_us,
    transport: row.transport,
    source: { address: row.source_ip, port: row.source_port },
    local: { address: row.destination_ip, port: row.destination_port },
    proof: row.proof,
    kind: row.kind,
    method: row.method,
    requestUri: row.request_uri,
    statusCode: row.status_code,
    calledNumber: row.called_number,
    fromUser: row.from_user,
    toUser: row.to_user,
    authUser: row.auth_user,
    userAgent: row.user_agent,
    callId: row.call_id,
    attackType: row.attack_type,
    score: row.score,
    answeredStatus: row.answered_status,
    anomalies: JSON.parse(row.anomalies) as Anomaly[], // Written by insert.ts from the same type.
    raw: row.raw ?? null,
    rawLength: row.raw_length,
    tls:
      row.tls_version === null
        ? null
        : { version: row.tls_version, cipher: row.tls_cipher ?? '', sni: row.tls_sni },
    sensor: row.sensor,
    outcome: row.outcome,
  };
}

export function storedBlock(row: BlockRow): StoredBlock {
  return {
    id: row.id,
    target: row.target,
    scope: row.scope,
    origin: row.origin,
    proof: row.proof,
    rule: row.rule,
    attackType: row.attack_type,
    reason: row.reason,
    createdAtUs: row.created_at_us,
    expiresAtUs: row.expires_at_us,
    simulated: row.simulated === 1,
    forced: row.forced === 1,
    endedAtUs: row.ended_at_us,
    endHow: row.end_how,
    packetsDropped: row.packets_dropped,
  };
}

export function storedSighting(row: SightingRow): Sighting {
  return {
    atUs: row.at_us,
    source: row.source,
    rule: row.rule,
    ruleVersion: row.rule_version,
    attackType: row.attack_type,
    points: row.points,
    pointsProven: row.points_proven,
    reason: row.reason,
    eventIds: JSON.parse(row.event_ids) as number[], // Written by insert.ts from the same type.
  };
}
