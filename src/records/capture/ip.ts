import { canonicalAddress } from '../../core/common/address.js';

/** Where a fragment belongs; offsets in bytes. */
export interface Fragment {
  readonly id: number;
  readonly offset: number;
  readonly more: boolean;
}

/** One IP packet or fragment. Addresses are canonical text. */
export interface IpPacket {
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  readonly payload: Buffer;
  /** null: it is whole. */
  readonly fragment: Fragment | null;
  /** The capture kept less of it than was sent. */
  readonly cut: boolean;
}

export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
const IPV6_FRAGMENT = 44;
/** Hop-by-hop, routing and destination options (RFC 8200 section 4): length in units of 8 bytes. */
const IPV6_SKIPPED = new Set([0, 43, 60]);
const IPV6_HEADERS_MAX = 8;
/** The authentication header (RFC 4302 section 2.2): length in units of 4 bytes, less two. */
const AUTHENTICATION = 51;

/** Reads an IPv4 (RFC 791) or IPv6 (RFC 8200) packet; null when it is neither. */
export function readIp(bytes: Buffer): IpPacket | null {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) return readIpv4(bytes);
  return version === 6 ? readIpv6(bytes) : null;
}

function readIpv4(bytes: Buffer): IpPacket | null {
  const headerLength = ((bytes[0] ?? 0) & 15) * 4;
  if (headerLength < 20 || bytes.length < headerLength) return null;
  const stated = bytes.readUInt16BE(2);
  // A card that splits the packet itself leaves 0 here for the capture.
  const length = stated === 0 ? bytes.length : stated;
  if (length < headerLength) return null;
  const flags = bytes.readUInt16BE(6);
  const offset = (flags & 0x1fff) * 8;
  const more = (flags & 0x2000) !== 0;
  const end = Math.min(length, bytes.length);
  let protocol = bytes.readUInt8(9);
  let at = headerLength;
  // Behind a later fragment's header stand bytes of the payload.
  if (protocol === AUTHENTICATION && offset === 0 && !more && at + 8 <= end) {
    protocol = bytes.readUInt8(at);
    at += (bytes.readUInt8(at + 1) + 2) * 4;
  }
  return {
    protocol,
    source: ipv4Text(bytes, 12),
    destination: ipv4Text(bytes, 16),
    payload: bytes.subarray(Math.min(at, end), end),
    fragment: more || offset > 0 ? { id: bytes.readUInt16BE(4), offset, more } : null,
    cut: length > bytes.length,
  };
}

function readIpv6(bytes: Buffer): IpPacket | null {
  if (bytes.length < 40) return null;
  const stated = bytes.readUInt16BE(4);
  const length = stated === 0 ? bytes.length : 40 + stated;
  const end = Math.min(length, bytes.length);
  let protocol = bytes.readUInt8(6);
  let at = 40;
  let fragment: Fragment | null = null;
  for (let headers = 0; headers < IPV6_HEADERS_MAX; headers += 1) {
    const isFragment = protocol === IPV6_FRAGMENT;
    const isAuthentication = protocol === AUTHENTICATION;
    if (!isFragment && !isAuthentication && !IPV6_SKIPPED.has(protocol)) break;
    if (at + 8 > end) return null;
    if (isFragment) {
      const field = bytes.readUInt16BE(at + 2);
      const more = (field & 1) !== 0;
      fragment = { id: bytes.readUInt32BE(at + 4), offset: field & 0xfff8, more };
    }
    protocol = bytes.readUInt8(at);
    const units = bytes.readUInt8(at + 1);
    at += isFragment ? 8 : isAuthentication ? (units + 2) * 4 : (units + 1) * 8;
    // Behind a later fragment's header stand bytes of the payload, not headers.
    if (fragment !== null && fragment.offset > 0) break;
  }
  if (at > end) return null;
  const isWhole = fragment !== null && fragment.offset === 0 && !fragment.more;
  return {
    protocol,
    source: ipv6Text(bytes, 8),
    destination: ipv6Text(bytes, 24),
    payload: bytes.subarray(at, end),
    fragment: isWhole ? null : fragment,
    cut: length > bytes.length,
  };
}

function ipv4Text(bytes: Buffer, at: number): string {
  return bytes.subarray(at, at + 4).join('.');
}

function ipv6Text(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    bytes.readUInt16BE(at + index * 2).toString(16),
  ).join(':');
  // Eight groups of hexadecimal digits are an address always.
  return canonicalAddress(groups) ?? groups;
}
