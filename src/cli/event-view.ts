import { formatTime } from '../api/views.js';
import { clipText } from '../core/model/text.js';
import type { StoredEvent } from '../store/rows.js';
import { endpointText } from '../core/model/transport.js';

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
  anomalies: event.anomalies,
  tls_version: event.tls?.version ?? null,
  tls_cipher: event.tls?.cipher ?? null,
  tls_sni: event.tls?.sni ?? null,
  raw_length: event.rawLength,
  ...(event.raw !== null && { raw_base64: event.raw.toString('base64') }),
});

export type EventView = ReturnType<typeof eventView>;

export const EVENT_HEAD = [
  'TIME (UTC)',
  'SOURCE',
  'VIA',
  'PROOF',
  'METHOD',
  'USER',
  'ANSWER',
  'SCORE',
  'ATTACK TYPE',
  'USER AGENT',
];

const CELL_CHARS_MAX = 28;

/** The cells of one event under EVENT_HEAD; packet text was escaped by the store. */
export function eventCells(event: StoredEvent): string[] {
  const cell = (text: string | null): string => clipText(text ?? '-', CELL_CHARS_MAX);
  return [
    formatTime(event.receivedAtUs).slice(0, 23).replace('T', ' '),
    endpointText(event.source),
    event.transport,
    event.proof,
    event.kind === 'response' ? `response ${event.statusCode ?? '?'}` : cell(event.method),
    cell(event.calledNumber ?? event.authUser ?? event.toUser),
    event.answeredStatus === null ? '-' : String(event.answeredStatus),
    String(Math.round(event.score)),
    event.attackType ?? '-',
    cell(event.userAgent),
  ];
}

/** One line of one event, for a stream: the cells in fixed places, then the user agent. */
export function eventLine(event: StoredEvent): string {
  const [time, source, via, proof, method, user, answer, score, attack, agent] = eventCells(event);
  const places: [string | undefined, number][] = [
    [time, 23],
    [source, 21],
    [via, 3],
    [proof, 5],
    [method, 9],
    [user, 12],
    [answer, 3],
    [score, 4],
    [attack, 21],
  ];
  return [...places.map(([text = '', width]) => text.padEnd(width)), agent ?? ''].join('  ');
}
