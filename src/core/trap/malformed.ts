import type { Anomaly } from '../model/anomaly.js';
import type { SipMessage } from '../model/sip-message.js';
import { skipLineEnds } from '../sip/scan.js';

const SPACE = 32;
const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * The start line is a request of another version than 2.0 (RFC 3261 section 7.1). One without any
 * version is malformed, not of another version.
 */
export function isOtherVersion({ anomalies, bytes }: SipMessage): boolean {
  if (!anomalies.includes('bad-version')) return false;
  const feed = bytes.indexOf(LINE_FEED, skipLineEnds(bytes, 0));
  let end = feed === -1 ? bytes.length : feed;
  // Blanks at the end are tolerated (RFC 4475 section 3.1.2.10).
  while (end > 0 && isBlank(bytes[end - 1])) end -= 1;
  const last = bytes.toString('latin1', Math.max(0, end - VERSION_CHARS_MAX), end);
  const version = /\s(sip\/[\d.]+)$/i.exec(last)?.[1];
  return version !== undefined && version.toUpperCase() !== 'SIP/2.0';
}

/** A blank, `SIP/` and what parseStartLine() takes for a version. */
const VERSION_CHARS_MAX = 28;

const isBlank = (byte: number | undefined): boolean =>
  byte === SPACE || byte === TAB || byte === CARRIAGE_RETURN;

/**
 * What RFC 3261 wants a 400 for, and the manifests of RFC 4475 and RFC 5118 with it. What else is odd
 * about a message is kept as anomalies and answered all the same, as PBXs do: display names without
 * quotes, Vias of strange transports, a Date in another zone.
 */
const REFUSED: ReadonlySet<Anomaly> = new Set<Anomaly>([
  'bad-version',
  'bad-request-uri',
  'missing-header',
  'duplicate-header',
  'unterminated-quote',
  'empty-parameter',
  'bad-cseq',
  'cseq-method-mismatch',
  'bad-content-length',
  'short-body',
]);

/** True for what is answered with 400. The rules have asked for the anomalies by then as a rule. */
export function isMalformed(message: SipMessage): boolean {
  for (const anomaly of message.anomalies) if (REFUSED.has(anomaly)) return true;
  const { requestUri } = message;
  if (requestUri !== null && isSip(requestUri) && !/^sips?:[^;?]/i.test(requestUri)) return true;
  if (message.fromHost === null && !isTel(message.header('from'))) return true;
  return message.toHost === null && !isTel(message.header('to'));
}

const isTel = (value: string | null): boolean => /(?:^|<)tel:/i.test(value ?? '');

/**
 * True for what a registrar answers with 400: a To that is no SIP or SIPS address (RFC 3261 section
 * 10.3, RFC 4475 section 3.3.4), or a Contact with a `?` outside of brackets, where it would begin
 * headers (RFC 3261 section 20.10).
 */
export function isBadBinding(message: SipMessage): boolean {
  const { contact } = message;
  if (!/(?:^|<)\s*sips?:/i.test(message.header('to') ?? '')) return true;
  return contact !== null && contact.includes('?') && !contact.includes('<');
}

export const isSip = (uri: string): boolean => uri.startsWith('sip:') || /^sips?:/i.test(uri);
