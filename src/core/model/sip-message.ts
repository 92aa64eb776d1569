import type { Anomaly } from './anomaly.js';

/**
 * A parsed SIP request or response (RFC 3261 names), or what could not be read as one.
 * Parsing never throws: oddities are `anomalies`, and what is missing is null.
 * Text is decoded as latin1, so that every byte stays visible; header values are trimmed and
 * unfolded. All readers are lazy: a header that nobody asks for costs nothing.
 */
export interface SipMessage {
  readonly bytes: Buffer;
  /** `other`: no SIP start line was found (HTTP, TLS, STUN, RTP, nothing at all …). */
  readonly kind: 'request' | 'response' | 'other';
  /** Request method as sent (case kept); for a response the CSeq method; null when neither. */
  readonly method: string | null;
  readonly requestUri: string | null;
  readonly statusCode: number | null;
  readonly anomalies: readonly Anomaly[];
  /** Offset of the first body byte; `bytes.length` when there is none. */
  readonly bodyOffset: number;

  readonly callId: string | null;
  readonly cseqNumber: number | null;
  readonly cseqMethod: string | null;
  readonly viaBranch: string | null;
  readonly userAgent: string | null;
  readonly fromUser: string | null;
  readonly fromHost: string | null;
  readonly fromTag: string | null;
  readonly toUser: string | null;
  readonly toHost: string | null;
  readonly toTag: string | null;
  /** User part of the Request-URI. */
  readonly requestUser: string | null;
  readonly contact: string | null;
  readonly contentType: string | null;
  /** Digest credentials of Authorization or Proxy-Authorization (RFC 7616). */
  readonly authorization: DigestCredentials | null;

  /** First value of a header by its full lower-case name (compact forms are resolved). */
  header(name: string): string | null;
  /** All values of a header in order of appearance, one entry a header line. */
  headers(name: string): readonly string[];
  /** Full lower-case header names in order of appearance, repeated ones too. */
  headerNames(): readonly string[];
}

/** The parameters of a Digest header, unquoted; '' where a parameter is missing. */
export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: string;
  readonly qop: string;
  readonly cnonce: string;
  readonly nc: string;
}
