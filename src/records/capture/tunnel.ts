import { parseStartLine } from '../../core/sip/start-line.js';
import { readEtherType, readEthernet, readMpls, readPpp } from './ether.js';
import type { IpPacket } from './ip.js';
import { asIp, foreign, type Found } from './layers.js';
import type { Datagram } from './segment.js';

/** IP protocols that are not read, by name (Protocol Numbers of the IANA). */
const NAMES: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  50: 'ESP (IPsec)',
  58: 'ICMPv6',
  88: 'EIGRP',
  89: 'OSPF',
  103: 'PIM',
  112: 'VRRP',
  115: 'L2TP',
  132: 'SCTP',
};

/** The packet within an IP packet that is neither UDP nor TCP, or its name. */
export function readTunnel({ protocol, payload }: Pick<IpPacket, 'protocol' | 'payload'>): Found {
  switch (protocol) {
    // IPv4 and IPv6 in IP (RFC 2003, RFC 4213).
    case 4:
    case 41:
      return asIp(payload, 'IP in IP, damaged');
    case 47:
      return readGre(payload);
    // EtherIP (RFC 3378): two bytes, then a frame.
    case 97:
      return readEthernet(payload.subarray(2));
    // MPLS in IP (RFC 4023).
    case 137:
      return readMpls(payload, 0);
    default:
      return foreign(NAMES[protocol] ?? `IP protocol ${protocol}`);
  }
}

const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
const GRE_ACKNOWLEDGED = 0x0080;
const ERSPAN = 0x88be;

/** GRE (RFC 2784, 2890), PPTP's (RFC 2637) with it. */
function readGre(bytes: Buffer): Found {
  if (bytes.length < 4) return foreign('GRE, cut short');
  const flags = bytes.readUInt16BE(0);
  const version = flags & 7;
  const type = bytes.readUInt16BE(2);
  if (version > 1 || (flags & GRE_ROUTING) !== 0) return foreign('GRE of another version');
  let at = 4;
  if ((flags & GRE_CHECKSUM) !== 0) at += 4;
  if ((flags & GRE_KEY) !== 0) at += 4;
  if ((flags & GRE_SEQUENCE) !== 0) at += 4;
  if (version === 1 && (flags & GRE_ACKNOWLEDGED) !== 0) at += 4;
  const rest = bytes.subarray(at);
  // PPTP acknowledges with an empty packet.
  if (rest.length === 0) return foreign('GRE without a packet');
  // ERSPAN type I has no header of its own, and no sequence number by which it is known.
  if (type === ERSPAN && (flags & GRE_SEQUENCE) === 0) return readEthernet(rest);
  return readEtherType(type, rest);
}

/** Tunnels over UDP by their port: how their packet is found. Null: it is none after all. */
const UDP_TUNNELS: ReadonlyMap<number, (bytes: Buffer) => Found | null> = new Map([
  [4_789, readVxlan],
  // Linux' own port of old.
  [8_472, readVxlan],
  [4_790, readVxlanGpe],
  [6_081, readGeneve],
  [2_152, readGtp],
  [1_701, readL2tp],
  // GRE in UDP (RFC 8086), MPLS in UDP (RFC 7510).
  [4_754, readGre],
  [6_635, (bytes) => readMpls(bytes, 0)],
  [37_008, readTzsp],
]);

/** Ports whose datagrams are known by name, and not read. */
const UDP_NAMES: Readonly<Record<number, string>> = {
  4_500: 'ESP (IPsec)',
  4_755: 'GRE over DTLS',
};

/** Ports from which answers come too, to whatever port the other side has. */
const BOTH_WAYS: ReadonlySet<number> = new Set([1_701, 2_152, 4_500]);

/**
 * The packet within a datagram of a tunnel, by its port; null for an ordinary datagram. SIP is SIP
 * on such a port too: anybody may use any.
 */
export function readUdpTunnel({ sourcePort, destinationPort, payload }: Datagram): Found | null {
  const port = BOTH_WAYS.has(sourcePort) ? sourcePort : destinationPort;
  const read = UDP_TUNNELS.get(port);
  const name = UDP_NAMES[port];
  if (read === undefined && name === undefined) return null;
  if (isPlainSip(payload)) return null;
  return name === undefined ? (read?.(payload) ?? null) : foreign(name);
}

/** A packet in a tunnel may hold SIP too: here the first line is text from its first byte on. */
function isPlainSip(bytes: Buffer): boolean {
  const end = bytes.indexOf(10);
  const line = bytes.toString('latin1', 0, end === -1 ? bytes.length : end).trimEnd();
  return /^[\x20-\x7e]+$/.test(line) && parseStartLine(line).kind !== 'other';
}

/** RFC 7348 section 5: a flag, 24 bits of network, a frame. */
function readVxlan(bytes: Buffer): Found | null {
  if (bytes.length < 8 || (bytes.readUInt8(0) & 0x08) === 0) return null;
  return readEthernet(bytes.subarray(8));
}

/** draft-ietf-nvo3-vxlan-gpe: the next protocol stands in the fourth byte. */
function readVxlanGpe(bytes: Buffer): Found | null {
  if (bytes.length < 8 || (bytes.readUInt8(0) & 0x08) === 0) return null;
  const next = bytes.readUInt8(3);
  const rest = bytes.subarray(8);
  if (next === 1 || next === 2) return asIp(rest, 'VXLAN, damaged');
  return next === 3 ? readEthernet(rest) : foreign('VXLAN of another kind');
}

/** RFC 8926 section 3.4: version 0, options in units of 4 bytes, an EtherType. */
function readGeneve(bytes: Buffer): Found | null {
  if (bytes.length < 8 || bytes.readUInt8(0) >> 6 !== 0) return null;
  const options = (bytes.readUInt8(0) & 0x3f) * 4;
  return readEtherType(bytes.readUInt16BE(2), bytes.subarray(8 + options));
}

const GTP_PACKET = 255;
const GTP_EXTENSIONS_MAX = 8;

/** GTP-U version 1 (3GPP TS 29.281 section 5): only a T-PDU holds a packet. */
function readGtp(bytes: Buffer): Found | null {
  if (bytes.length < 8) return null;
  const flags = bytes.readUInt8(0);
  if (flags >> 5 !== 1 || (flags & 0x10) === 0) return null;
  if (bytes.readUInt8(1) !== GTP_PACKET) return foreign('GTP-U control');
  let at = 8;
  if ((flags & 7) !== 0) {
    let next = (flags & 4) === 0 ? 0 : (bytes[11] ?? 0);
    at = 12;
    for (let count = 0; next !== 0; count += 1) {
      const length = (bytes[at] ?? 0) * 4;
      if (length === 0 || count === GTP_EXTENSIONS_MAX) return foreign('GTP-U, damaged');
      at += length;
      next = bytes[at - 1] ?? 0;
    }
  }
  return asIp(bytes.subarray(at), 'GTP-U without IP');
}

/** L2TP version 2 (RFC 2661 section 3.1): a data message holds PPP. */
function readL2tp(bytes: Buffer): Found | null {
  if (bytes.length < 6) return null;
  const flags = bytes.readUInt16BE(0);
  // Version 2, and the reserved bits are zero.
  if ((flags & 0x34ff) !== 2) return null;
  if ((flags & 0x8000) !== 0) return foreign('L2TP control');
  let at = (flags & 0x4000) === 0 ? 6 : 8;
  if ((flags & 0x0800) !== 0) at += 4;
  if ((flags & 0x0200) !== 0) at += 2 + (bytes.length < at + 2 ? 0 : bytes.readUInt16BE(at));
  return readPpp(bytes.subarray(at));
}

/** TZSP, by which routers and access points send what they capture: tagged fields, then a frame. */
function readTzsp(bytes: Buffer): Found | null {
  if (bytes.length < 5 || bytes[0] !== 1) return null;
  if (bytes.readUInt16BE(2) !== 1) return foreign('TZSP without Ethernet');
  for (let at = 4; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    if (tag === 1) return readEthernet(bytes.subarray(at + 1));
    at += tag === 0 ? 1 : 2 + (bytes[at + 1] ?? 0);
  }
  return foreign('TZSP without Ethernet');
}
