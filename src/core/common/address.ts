import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Canonical text of an IP address: IPv4 dotted, IPv6 as RFC 5952 says, an IPv4-mapped IPv6 address
 * as its IPv4 address, a zone (`%eth0`) left out. Null when the text is no IP address.
 */
export function canonicalAddress(text: string): string | null {
  const zone = text.indexOf('%');
  const bare = zone === -1 ? text : text.slice(0, zone);
  const family = isIP(bare);
  if (family === 4) return bare;
  if (family !== 6) return null;
  const parsed = ipaddr.IPv6.parse(withoutDottedTail(bare));
  return parsed.isIPv4MappedAddress()
    ? parsed.toIPv4Address().toString()
    : parsed.toRFC5952String();
}

/**
 * `::1.2.3.4` as `::102:304`. The library takes every dotted tail for an IPv4-mapped address, so
 * that a packet from the IPv6 source ::102:304 would be laid to the stranger 1.2.3.4.
 */
function withoutDottedTail(text: string): string {
  const tail = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (tail === null) return text;
  const [, head = '', ...octets] = tail;
  const [a = 0, b = 0, c = 0, d = 0] = octets.map(Number);
  return `${head}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

const DIGIT_0 = 48;

/** A network: canonical text with its length, and the parts of it. */
export interface Cidr {
  readonly text: string;
  readonly family: 4 | 6;
  readonly prefix: number;
  readonly bytes: readonly number[];
}

/**
 * Reads `ADDRESS` or `ADDRESS/LENGTH`. Null when it is neither, or when bits beyond the length are
 * set: a range is never narrowed or widened silently, so `10.0.0.1/8` is a mistake, not 10.0.0.0/8.
 */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/');
  const address = canonicalAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === null || text.includes('%')) return null;
  const lengthText = slash === -1 ? null : text.slice(slash + 1);
  if (lengthText !== null && !/^\d{1,3}$/.test(lengthText)) return null;
  const cidr = cidrOf(address, lengthText === null ? null : Number(lengthText));
  return cidr?.text.startsWith(`${address}/`) === true ? cidr : null;
}

/** The network of `prefix` bits that holds a canonical address; null prefix: the address alone. */
export function cidrOf(address: string, prefix: number | null): Cidr | null {
  if (isIP(address) === 4) return ipv4CidrOf(address, prefix ?? 32);
  const parsed = ipaddr.parse(address);
  const family = parsed.kind() === 'ipv4' ? 4 : 6;
  const bits = family === 4 ? 32 : 128;
  const length = prefix ?? bits;
  if (length < 0 || length > bits) return null;
  const bytes = parsed.toByteArray().map((byte, index) => byte & maskByte(length, index));
  const base = ipaddr.fromByteArray(bytes);
  const baseText =
    base.kind() === 'ipv6' ? (base as ipaddr.IPv6).toRFC5952String() : base.toString();
  return { text: `${baseText}/${length}`, family, prefix: length, bytes };
}

/**
 * Without the library, and without a text for each octet: a start looks at 100,000 of them before
 * anything is in force, and each of a crowd of attackers is looked at several times.
 */
function ipv4CidrOf(address: string, prefix: number): Cidr | null {
  if (prefix < 0 || prefix > 32) return null;
  const bytes = [0, 0, 0, 0];
  for (let at = 0, index = 0, octet = 0; at <= address.length; at += 1) {
    const code = address.charCodeAt(at);
    if (code >= DIGIT_0) {
      octet = octet * 10 + code - DIGIT_0;
    } else {
      bytes[index] = octet & maskByte(prefix, index);
      index += 1;
      octet = 0;
    }
  }
  const base = prefix === 32 ? address : bytes.join('.');
  return { text: `${base}/${prefix}`, family: 4, prefix, bytes };
}

/** True when every address of `inner` is one of `outer`. */
export function covers(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
  for (let index = 0; index < outer.bytes.length; index += 1) {
    const inside = (inner.bytes[index] ?? 0) & maskByte(outer.prefix, index);
    if (inside !== outer.bytes[index]) return false;
  }
  return true;
}

/** True when the two share an address. */
export const overlaps = (a: Cidr, b: Cidr): boolean => covers(a, b) || covers(b, a);

function maskByte(prefix: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefix - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}

/** The mask of a length as an address: `255.255.255.0`, `ffff:ffff::`. */
export const maskText = (family: 4 | 6, prefix: number): string =>
  family === 4
    ? ipaddr.IPv4.subnetMaskFromPrefixLength(prefix).toString()
    : ipaddr.IPv6.subnetMaskFromPrefixLength(prefix).toRFC5952String();
