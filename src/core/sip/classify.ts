import type { Anomaly } from '../model/anomaly.js';

const HTTP_METHOD = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|TRACE|PATCH|OPTIONS|PRI) /;
const STUN_COOKIE = 0x2112a442;
const STUN_HEADER_BYTES = 20;
const RTP_HEADER_BYTES = 12;
const RTCP_HEADER_BYTES = 8;

/** The one name of bytes without a SIP start line, by their first bytes alone. */
export function nameForeign(bytes: Buffer, startLine: string): Anomaly {
  if (bytes.length === 0) return 'empty';
  if (isKeepAlive(bytes)) return 'keep-alive';
  if (isTlsHello(bytes)) return 'tls-hello';
  if (isStun(bytes)) return 'stun';
  if (isRtp(bytes)) return 'rtp';
  if (isHttp(startLine)) return 'http';
  return 'not-sip';
}

/** Longer runs of line ends or NULs are no keep-alive that any phone sends. */
const KEEP_ALIVE_BYTES_MAX = 8;

function isKeepAlive(bytes: Buffer): boolean {
  if (bytes.length > KEEP_ALIVE_BYTES_MAX) return false;
  return bytes.every((byte) => byte === 13 || byte === 10 || byte === 0);
}

/** A TLS record of type handshake, version 3.x, whose message is a ClientHello (RFC 8446). */
function isTlsHello(bytes: Buffer): boolean {
  return bytes[0] === 22 && bytes[1] === 3 && (bytes[2] ?? 255) <= 4 && (bytes[5] ?? 1) === 1;
}

/** RFC 8489 section 5: two zero bits, a length in fours; without cookie it is RFC 3489's form. */
function isStun(bytes: Buffer): boolean {
  if (bytes.length < STUN_HEADER_BYTES || ((bytes[0] ?? 255) & 0xc0) !== 0) return false;
  const length = bytes.readUInt16BE(2);
  if (length % 4 !== 0) return false;
  if (bytes.readUInt32BE(4) === STUN_COOKIE) return true;
  return bytes.readUInt16BE(0) === 1 && length === bytes.length - STUN_HEADER_BYTES;
}

/** RFC 3550 section 5.1 and 6.4.1: version 2, and for RTCP a packet type from 200 to 204. */
function isRtp(bytes: Buffer): boolean {
  if (((bytes[0] ?? 0) & 0xc0) !== 0x80) return false;
  const type = bytes[1] ?? 0;
  if (type >= 200 && type <= 204) return bytes.length >= RTCP_HEADER_BYTES;
  return bytes.length >= RTP_HEADER_BYTES;
}

function isHttp(startLine: string): boolean {
  if (startLine.startsWith('HTTP/')) return true;
  return HTTP_METHOD.test(startLine) && / HTTP\/\d/.test(startLine);
}
