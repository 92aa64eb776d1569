import { isUtf8 } from 'node:buffer';
import type { EventRecord } from '../core/model/event.js';
import { quoteText } from '../core/model/text.js';
import type { Endpoint } from '../core/model/transport.js';
import { bufferOf, type EventFacts } from './facts.js';
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
 * user=100 attack=extension_enumeration score=80 answered=404`. What is not known is left out.
 */
export function formatEventLine(record: EventRecord, facts: EventFacts): string {
  const user = facts.authUser ?? (facts.calledNumber === null ? facts.toUser : facts.fromUser);
  const parts = [
    isoTime(record.receivedAtUs),
    subject(facts),
    'from',
    endpointText(record.source),
    record.transport,
    `proof=${record.proof}`,
    facts.userAgent === null ? null : `ua="${quoted(facts.userAgent)}"`,
    user === null ? null : `user=${word(user)}`,
    facts.calledNumber === null ? null : `called=${word(facts.calledNumber)}`,
    facts.anomalies.length === 0 ? null : `anomalies=${facts.anomalies.join(',')}`,
    record.attackType === null ? null : `attack=${record.attackType}`,
    `score=${String(Math.round(record.score * 10) / 10)}`,
    record.answeredStatus === null ? null : `answered=${record.answeredStatus}`,
  ];
  return parts.filter((part) => part !== null).join(' ');
}

/**
 * One object of the JSON log, without its line end. SentryPeer's thirteen names come first, with
 * its types (text, empty when not known); ours follow, null when not known. `sip_message` is the
 * message as text; `raw_base64` is null where that text holds every byte.
 */
export function formatJsonLine(record: EventRecord, facts: EventFacts, origin: LogOrigin): string {
  const raw = bufferOf(record.raw);
  const utf8 = isUtf8(raw);
  const message = raw.toString(utf8 ? 'utf8' : 'latin1');
  return asciiJson({
    app_name: 'sentrypeer-agent',
    app_version: origin.appVersion,
    event_timestamp: sentrypeerTime(record.receivedAtUs),
    event_uuid: record.uuid,
    created_by_node_id: origin.instanceId,
    // SentryPeer's two words: whether the trap answered the message.
    collected_method: record.answeredStatus === null ? 'passive' : 'responsive',
    transport_type: record.transport.toUpperCase(),
    source_ip: record.source.address,
    destination_ip: record.local.address,
    called_number: facts.calledNumber ?? '',
    sip_method: facts.method ?? '',
    sip_user_agent: facts.userAgent ?? '',
    sip_message: message,
    timestamp: isoTime(record.receivedAtUs),
    event_id: record.id,
    source_port: record.source.port,
    destination_port: record.local.port,
    method: facts.method,
    kind: facts.kind,
    status_code: facts.statusCode,
    request_uri: facts.requestUri,
    from_user: facts.fromUser,
    to_user: facts.toUser,
    auth_user: facts.authUser,
    call_id: facts.callId,
    attack_type: record.attackType,
    score: record.score,
    proof: record.proof,
    answered_status: record.answeredStatus,
    anomalies: facts.anomalies,
    raw_length: record.rawLength,
    tls_version: record.tls?.version ?? null,
    tls_cipher: record.tls?.cipher ?? null,
    tls_sni: record.tls?.sni ?? null,
    raw_base64: utf8 && isPlain(message) ? null : raw.toString('base64'),
  });
}

/** `203.0.113.7:5060`, `[2001:db8::7]:5060`. */
export function endpointText(endpoint: Endpoint): string {
  const { address, port } = endpoint;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Plain text: nothing of the control characters but tab and line ends. */
function isPlain(text: string): boolean {
  return !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text);
}

/** JSON in printable ASCII: JSON itself leaves DEL, C1 controls, U+2028 and bidi marks as they are. */
function asciiJson(value: unknown): string {
  const text = JSON.stringify(value);
  // To look first costs a fraction of a replacement that finds nothing.
  if (!/[^\x20-\x7e]/.test(text)) return text;
  return text.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

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
