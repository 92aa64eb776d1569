import { createHash } from 'node:crypto';
import type { EventRecord } from '../../core/model/event.js';
import { LIMITS } from '../../core/common/limits.js';
import { quoteText } from '../../core/common/text.js';
import type { EventFacts } from '../event-facts.js';
import type { JsonbWriter } from './jsonb.js';

/**
 * An event on its way to SQLite: its columns as one array in SQLite's binary JSON, and its bytes.
 * Binding 29 values costs the package twice the work of writing and reading that array.
 */
export interface PackedEventRow {
  readonly columns: Uint8Array;
  readonly raw: Uint8Array;
}

/** Every column of an event but its bytes, in the order of eventRow. */
export const EVENT_COLUMNS: readonly string[] = `
    id uuid received_at_us transport source_ip source_port destination_ip destination_port proof
    kind method request_uri status_code called_number from_user to_user auth_user user_agent
    call_id attack_type score answered_status anomalies raw_length raw_sha256 tls_version
    tls_cipher tls_sni sensor outcome`
  .trim()
  .split(/\s+/);

export function eventRow(record: EventRecord, facts: EventFacts, to: JsonbWriter): PackedEventRow {
  const { source, local, raw, rawLength, tls = null } = record;
  const cut = rawLength > raw.length;
  to.begin();
  to.number(record.id);
  to.text(record.uuid);
  to.number(record.receivedAtUs);
  to.text(record.transport);
  to.text(source.address);
  to.number(source.port);
  to.text(local.address);
  to.number(local.port);
  to.text(record.proof);
  to.text(facts.kind);
  to.text(columnText(facts.method));
  to.text(columnText(facts.requestUri));
  to.number(facts.statusCode);
  to.text(columnText(facts.calledNumber));
  to.text(columnText(facts.fromUser));
  to.text(columnText(facts.toUser));
  to.text(columnText(facts.authUser));
  to.text(columnText(facts.userAgent));
  to.text(columnText(facts.callId));
  to.text(record.attackType);
  to.number(record.score);
  to.number(record.answeredStatus);
  to.text(facts.anomalies.length === 0 ? '[]' : JSON.stringify(facts.anomalies));
  to.number(rawLength);
  to.text(cut ? createHash('sha256').update(raw).digest('hex') : null);
  to.text(tls?.version ?? null);
  to.text(tls?.cipher ?? null);
  to.text(tls?.sni ?? null);
  to.text(record.sensor);
  to.text(record.outcome);
  return { columns: to.end(), raw };
}

/** Escaped, for the sqlite3 shell prints control characters to the terminal as they are. */
export function columnText(text: string | null): string | null {
  return text === null ? null : quoteText(text, LIMITS.columnTextCharsMax);
}
