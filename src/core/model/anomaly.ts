/** A named oddity found while parsing: data, not an error. Names are kebab-case, listed here only. */
export const ANOMALIES = [
  // What is no SIP at all. Such a message has the kind `other` and this one name.
  /** A datagram without a byte. */
  'empty',
  /** Line ends or NULs alone: a NAT keep-alive (RFC 5626 section 3.5.1), which is no offence. */
  'keep-alive',
  /** An HTTP request or response. */
  'http',
  /** A TLS ClientHello where plain text was expected. */
  'tls-hello',
  /** A STUN message (RFC 8489), with or without the magic cookie. */
  'stun',
  /** RTP or RTCP (RFC 3550). */
  'rtp',
  /** Anything else without a SIP start line. */
  'not-sip',

  // The start line (RFC 3261 section 7.1, 7.2).
  /** Spaces too many, a method that is no token, or parts that are missing. */
  'bad-start-line',
  /** No SIP version, or one that is not 2.0. */
  'bad-version',
  /** Angle brackets, blanks or escaped headers in it, no scheme, or no well-formed host. */
  'bad-request-uri',
  /** A response code that is not three digits from 100 to 699. */
  'bad-status-code',

  // The header section (RFC 3261 section 7.3).
  /** A line without a colon, or whose name is no token. */
  'bad-header-line',
  /** The message ends before the empty line that ends the headers. */
  'unterminated-headers',
  /** More header lines than are read; the rest is kept in the bytes only. */
  'too-many-headers',
  /** More values in Via, From, To and Contact than are looked at; the rest is kept in the bytes only. */
  'too-many-values',
  /** Via, From, To, Call-ID or CSeq is not there. */
  'missing-header',
  /** A header that may appear once appears again. */
  'duplicate-header',

  // Single headers.
  /** A Via value that RFC 3261 section 20.42 does not allow. */
  'bad-via',
  /** A Via branch that is the magic cookie and nothing more. */
  'bad-branch',
  /** From, To or Contact that RFC 3261 section 20.10 does not allow. */
  'bad-address',
  /** A quoted string that does not end. */
  'unterminated-quote',
  /** Separators with nothing between them, `;;`. */
  'empty-parameter',
  /** CSeq that is no number below 2^31 and a method. */
  'bad-cseq',
  /** CSeq names another method than the start line. */
  'cseq-method-mismatch',
  /** Max-Forwards that is no number from 0 to 255. */
  'bad-max-forwards',
  /** Expires, Min-Expires, Retry-After or a Contact's `expires` of 2^32 seconds or more. */
  'bad-duration',
  /** A Date that is not in GMT. */
  'bad-date',
  /** Content-Length that is no number. */
  'bad-content-length',
  /** Content-Length promises more bytes than came. */
  'short-body',

  // What carried it: noted by the transport, not read off the message.
  /** A frame of a WebSocket client without a mask (RFC 6455 section 5.1). */
  'ws-unmasked',
  /** A text message over WebSocket that is no UTF-8 (RFC 6455 section 8.1). */
  'ws-not-utf8',
  /** Compressed, which was not agreed on (RFC 7692). */
  'ws-compressed',
  /** A reserved bit or opcode, a part without a beginning, or a control frame that is none. */
  'ws-bad-frame',
  /** A WebSocket message larger than a SIP message may be. */
  'ws-too-large',
  /** A web page opened the WebSocket (Origin, RFC 6455 section 10.2): its visitor may know nothing. */
  'web-page',
  /** A connection that ended without a message: there are no bytes. */
  'no-message',
  /** It had not completed the TLS or WebSocket handshake that its port wants, and sent nothing of one. */
  'no-handshake',
] as const;

export type Anomaly = (typeof ANOMALIES)[number];

/** What the transport may note, by place: the store keeps a bit for each. */
export const NOTED = [
  'ws-unmasked',
  'ws-not-utf8',
  'ws-compressed',
  'ws-bad-frame',
  'ws-too-large',
  'web-page',
  'no-message',
  'no-handshake',
] as const satisfies readonly Anomaly[];
export type Noted = (typeof NOTED)[number];
