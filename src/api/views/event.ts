import type { StoredEvent } from '../../store/rows.js';
import { formatTime } from '../views.js';

/** One stored event as JSON: names as in the JSON log. */
export const eventView = (event: StoredEvent) => ({
  id: event.id,
  event_uuid: event.uuid,
  timestamp: formatTime(event.receivedAtUs),
  source_ip: event.source.address,
  source_port: event.source.port,
  destination_ip: event.local.address,
  destination_port: event.local.port,
  transport_type: event.transport.toUpperCase(),
  sensor: event.sensor,
  proof: event.proof,
  kind: event.kind,
  method: event.method,
  request_uri: event.requestUri,
  status_code: event.statusCode,
  called_number: event.calledNumber,
  from_user: event.fromUser,
  to_user: event.toUser,
  auth_user: event.authUser,
  sip_user_agent: event.userAgent,
  call_id: event.callId,
  attack_type: event.attackType,
  score: event.score,
  answered_status: event.answeredStatus,
  outcome: event.outcome,
  anomalies: event.anomalies,
  tls_version: event.tls?.version ?? null,
  tls_cipher: event.tls?.cipher ?? null,
  tls_sni: event.tls?.sni ?? null,
  raw_length: event.rawLength,
  ...(event.raw !== null && { raw_base64: event.raw.toString('base64') }),
});

export type EventView = ReturnType<typeof eventView>;
