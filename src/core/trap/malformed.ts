import type { SipMessage } from '../model/sip-message.js';

/** As nearly every request line ends: the rest of them costs a text. */
const VERSION = Buffer.from(' SIP/2.0');

/** The start line is a request of another version than 2.0 (RFC 3261 section 7.1). */
export function isOtherVersion({ bytes }: SipMessage): boolean {
  const LINE_FEED = 10;
  const CARRIAGE_RETURN = 13;
  const feed = bytes.indexOf(LINE_FEED);
  let end = feed === -1 ? bytes.length : feed;
  if (bytes[end - 1] === CARRIAGE_RETURN) end -= 1;
  if (
    end >= VERSION.length &&
    bytes.compare(VERSION, 0, VERSION.length, end - VERSION.length, end) === 0
  )
    return false;
  const last = bytes.toString('latin1', Math.max(0, end - 8), end).toUpperCase();
  // Blanks at the end are tolerated (RFC 4475 section 3.1.2.10).
  return last !== ' SIP/2.0' && !last.trimEnd().endsWith('SIP/2.0');
}

/**
 * True for what RFC 3261 wants a 400 for, as far as it can be told cheaply: a CSeq that is no
 * number below 2^31 or names another method (8.1.1.5), a body shorter than its Content-Length
 * (18.3), blanks or brackets in the Request-URI (RFC 4475 sections 3.1.2.7, 3.1.2.8), a From or To
 * that names nobody. What else is odd about a message is kept as anomalies and answered all the
 * same, as PBXs do. `message.anomalies` itself costs ten times as much (measured).
 */
export function isMalformed(message: SipMessage): boolean {
  const { cseqNumber, cseqMethod, method, requestUri } = message;
  if (cseqNumber === null || cseqNumber >= 2 ** 31 || cseqMethod !== method) return true;
  if (requestUri === null || /[<>\s]/.test(requestUri)) return true;
  if (isSip(requestUri) && !/^sips?:[^;?]/i.test(requestUri)) return true;
  const parties = [
    ['from', message.fromHost],
    ['to', message.toHost],
  ] as const;
  for (const [name, host] of parties) {
    if (host === null && !/(?:^|<)tel:/i.test(message.header(name) ?? '')) return true;
  }
  return hasBadLength(message);
}

export const isSip = (uri: string): boolean => uri.startsWith('sip:') || /^sips?:/i.test(uri);

function hasBadLength(message: SipMessage): boolean {
  const value = message.header('content-length');
  if (value === null) return false;
  if (!/^\d{1,10}$/.test(value)) return true;
  return Number(value) > message.bytes.length - message.bodyOffset;
}
