import type { EventRecord } from '../../../core/model/event.js';
import type { JsonFormatName } from '../../../core/model/log-format.js';
import { LIMITS } from '../../../core/common/limits.js';
import type { RemoteMessageName } from '../../../core/model/remote-log.js';
import { quoteText } from '../../../core/common/text.js';
import { formatEventLine, userOf, type LogOrigin } from '../event-lines.js';
import type { EventFacts } from '../../event-facts.js';
import { JSON_FORMATS } from '../json-formats.js';

/** Severities of RFC 5424, table 2; the journal's PRIORITY is the same. */
export const SEVERITIES = { alert: 1, warning: 4, notice: 5, informational: 6 } as const;

/** One message to a syslog server or the journal. All text is printable ASCII on one line. */
export interface RemoteEntry {
  readonly atUs: number;
  readonly severity: number;
  /** What kind of message it is: MSGID of RFC 5424. */
  readonly kind: 'agent' | 'attack' | 'event';
  /** Names and values of the structured data; empty where the text itself is structured. */
  readonly fields: readonly (readonly [string, string])[];
  readonly text: string;
}

export type RemoteFormat = JsonFormatName | 'text';

/** Whether an event goes where these messages are wanted. */
export function wantsEvent(
  wanted: readonly RemoteMessageName[],
  { attackType }: EventRecord,
): boolean {
  return wanted.includes('events') || (attackType !== null && wanted.includes('attacks'));
}

/**
 * An event as a message. As JSON it goes without the bytes of the message where it would be longer
 * than receivers take, and as text where it is too long even so.
 */
export function eventEntry(
  record: EventRecord,
  facts: EventFacts,
  format: RemoteFormat,
  origin: LogOrigin,
): RemoteEntry {
  const attacked = record.attackType !== null;
  const head = {
    atUs: record.receivedAtUs,
    severity: attacked ? SEVERITIES.warning : SEVERITIES.informational,
    kind: attacked ? ('attack' as const) : ('event' as const),
  };
  const json = format === 'text' ? null : jsonThatFits(record, facts, format, origin);
  if (json !== null) return { ...head, fields: [], text: json };
  return { ...head, fields: eventFields(record, facts), text: withoutTime(record, facts) };
}

/** The agent's own words; what a packet brought is escaped in them already. */
export function agentEntry(text: string, atUs: number): RemoteEntry {
  const severity = text.startsWith('ALERT') ? SEVERITIES.alert : SEVERITIES.notice;
  return { atUs, severity, kind: 'agent', fields: [], text: asciiLine(text) };
}

/** Room for the header and for the framing of a line. */
const HEADER_BYTES_MAX = 512;

function jsonThatFits(
  record: EventRecord,
  facts: EventFacts,
  format: JsonFormatName,
  origin: LogOrigin,
): string | null {
  const bytesMax = LIMITS.remoteLineBytesMax - HEADER_BYTES_MAX;
  // An escaped message is never shorter than its bytes.
  if (record.raw.length < bytesMax) {
    const whole = JSON_FORMATS[format](record, facts, origin);
    if (whole.length <= bytesMax) return whole;
  }
  const bare = JSON_FORMATS[format]({ ...record, raw: Buffer.alloc(0) }, facts, origin);
  return bare.length <= bytesMax ? bare : null;
}

/** The header has the time already. */
function withoutTime(record: EventRecord, facts: EventFacts): string {
  const line = formatEventLine(record, facts);
  return asciiLine(line.slice(line.indexOf(' ') + 1));
}

function eventFields(record: EventRecord, facts: EventFacts): [string, string][] {
  const { source, local, attackType, answeredStatus } = record;
  const fields: [string, string | null][] = [
    ['event_uuid', record.uuid],
    ['source_ip', source.address],
    ['source_port', String(source.port)],
    ['destination_ip', local.address],
    ['destination_port', String(local.port)],
    ['transport', record.transport],
    ['method', facts.method],
    ['user_agent', facts.userAgent],
    ['user', userOf(facts)],
    ['called_number', facts.calledNumber],
    ['attack_type', attackType],
    ['score', String(record.score)],
    ['proof', record.proof],
    ['sensor', record.sensor],
    ['outcome', record.outcome],
    ['answered_status', answeredStatus === null ? null : String(answeredStatus)],
  ];
  return fields.flatMap(([name, value]) =>
    value === null ? [] : [[name, asciiLine(quoteText(value))] as [string, string]],
  );
}

/** Text that was escaped before: an ellipsis becomes dots, what is left beyond ASCII its number. */
function asciiLine(text: string): string {
  const safe = text
    .replaceAll('…', '...')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const charsMax = LIMITS.remoteLineBytesMax / 2;
  return safe.length > charsMax ? `${safe.slice(0, charsMax)}...` : safe;
}
