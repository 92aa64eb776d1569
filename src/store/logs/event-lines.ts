import type { EventRecord } from '../../core/model/event.js';
import { quoteText } from '../../core/common/text.js';
import { endpointText } from '../../core/model/transport.js';
import { bufferOf, type EventFacts } from '../event-facts.js';
import { bytesAsJson, jsonText } from './json-text.js';
import { isoTime, sentrypeerTime } from './time-text.js';

/** Who writes the log: repeated on every line of the JSON log, as SentryPeer does. */
export interface LogOrigin {
  readonly appVersion: string;
  readonly instanceId: string;
}

/**
 * One line for a person, without its line end; printable ASCII but for an ellipsis where text was
 * cut, so that no packet can forge a line or speak to a terminal:
 * `2026-01-01T00:00:00.000000Z REGISTER from 203.0.113.7:5060 udp proof=none ua="friendly-scanner"
 * user=100 attack=extension_enumeration score=80 answered=404`. What is not known is left out; of what a
 * PBX was sent `seen=hep outcome=failed` follows.
 */
export function formatEventLine(record: EventRecord, facts: EventFacts): string {
  const { source, attackType, answeredStatus } = record;
  const { userAgent, calledNumber, anomalies } = facts;
  const user = userOf(facts);
  let line = `${isoTime(record.receivedAtUs)} ${subject(facts)} from ${endpointText(source)} `;
  line += `${record.transport} proof=${record.proof}`;
  if (userAgent !== null) line += ` ua="${quoted(userAgent)}"`;
  if (user !== null) line += ` user=${word(user)}`;
  if (calledNumber !== null) line += ` called=${word(calledNumber)}`;
  if (anomalies.length > 0) line += ` anomalies=${anomalies.join(',')}`;
  if (attackType !== null) line += ` attack=${attackType}`;
  line += ` score=${String(Math.round(record.score * 10) / 10)}`;
  if (answeredStatus !== null) line += ` answered=${answeredStatus}`;
  const { sensor, outcome } = record;
  return sensor === 'trap' ? line : `${line} seen=${sensor} outcome=${outcome}`;
}

/** Whom the message is from, or whose registration it is for. */
export const userOf = ({ authUser, calledNumber, toUser, fromUser }: EventFacts): string | null =>
  authUser ?? (calledNumber === null ? toUser : fromUser);

/**
 * One object of the JSON log, without its line end. SentryPeer's thirteen names come first, with
 * its types (text, empty when not known); ours follow, null when not known. `sip_message` is the
 * message as text; `raw_base64` is null where that text holds every byte.
 */
export const formatJsonLine = (record: EventRecord, facts: EventFacts, origin: LogOrigin): string =>
  writeJsonLine(record, facts, origin, record.source.address);

/** The same with `ip:port` as `source_ip`, as SentryPeer's newer transports write it. */
export const formatTpotLine = (record: EventRecord, facts: EventFacts, origin: LogOrigin): string =>
  writeJsonLine(record, facts, origin, endpointText(record.source));

function writeJsonLine(
  record: EventRecord,
  facts: EventFacts,
  origin: LogOrigin,
  sourceText: string,
): string {
  const { source, local, attackType, answeredStatus, receivedAtUs } = record;
  const { message, base64 } = bytesAsJson(bufferOf(record.raw));
  const method = facts.method === null ? null : jsonText(facts.method);
  const status = answeredStatus ?? 'null';
  // Written by hand: as an object through JSON.stringify it costs three times as much (measured).
  return (
    `{"app_name":"sentrypeer-agent","app_version":${jsonText(origin.appVersion)}` +
    `,"event_timestamp":"${sentrypeerTime(receivedAtUs)}","event_uuid":"${record.uuid}"` +
    `,"created_by_node_id":${jsonText(origin.instanceId)}` +
    // SentryPeer's two words: whether the trap answered the message.
    `,"collected_method":"${answeredStatus === null ? 'passive' : 'responsive'}"` +
    `,"transport_type":"${record.transport.toUpperCase()}"` +
    `,"source_ip":${jsonText(sourceText)},"destination_ip":${jsonText(local.address)}` +
    `,"called_number":${jsonText(facts.calledNumber ?? '')},"sip_method":${method ?? '""'}` +
    `,"sip_user_agent":${jsonText(facts.userAgent ?? '')},"sip_message":${message}` +
    `,"timestamp":"${isoTime(receivedAtUs)}","event_id":${record.id}` +
    `,"source_port":${source.port},"destination_port":${local.port}` +
    `,"method":${method ?? 'null'},"kind":"${facts.kind}"` +
    `,"status_code":${facts.statusCode ?? 'null'},"request_uri":${jsonOrNull(facts.requestUri)}` +
    `,"from_user":${jsonOrNull(facts.fromUser)},"to_user":${jsonOrNull(facts.toUser)}` +
    `,"auth_user":${jsonOrNull(facts.authUser)},"call_id":${jsonOrNull(facts.callId)}` +
    `,"attack_type":${jsonOrNull(attackType)},"score":${record.score}` +
    `,"proof":"${record.proof}","sensor":"${record.sensor}"` +
    `,"outcome":"${record.outcome}","answered_status":${status}` +
    `,"anomalies":${facts.anomalies.length === 0 ? '[]' : JSON.stringify(facts.anomalies)}` +
    `,"raw_length":${record.rawLength},${tlsAsJson(record)},"raw_base64":${base64}}`
  );
}

const tlsAsJson = ({ tls = null }: EventRecord): string =>
  tls === null
    ? '"tls_version":null,"tls_cipher":null,"tls_sni":null'
    : `"tls_version":${jsonText(tls.version)},"tls_cipher":${jsonText(tls.cipher)}` +
      `,"tls_sni":${jsonOrNull(tls.sni)}`;

const jsonOrNull = (text: string | null): string => (text === null ? 'null' : jsonText(text));

function subject(facts: EventFacts): string {
  const method = facts.method === null ? null : word(facts.method);
  switch (facts.kind) {
    case 'request':
      return method ?? 'request';
    case 'response':
      return `response ${facts.statusCode ?? '?'} to ${method ?? '?'}`;
    case 'other':
      return 'non-SIP';
  }
}

const quoted = (text: string): string => quoteText(text).replaceAll('"', '\\x22');

/** A bare word where it can be one, so that `grep user=100` works; quoted otherwise. */
function word(text: string): string {
  return /^[A-Za-z0-9!%'*+._`~@:#$&?/,;()-]{1,120}$/.test(text) ? text : `"${quoted(text)}"`;
}
