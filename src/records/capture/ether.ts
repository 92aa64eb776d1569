import { LIMITS } from '../../core/common/limits.js';
import { asIp, foreign, hexName, type Found } from './layers.js';

/** EtherTypes that carry no IP, by name (IEEE 802 Numbers of the IANA). */
const NAMES: Readonly<Record<number, string>> = {
  0x0806: 'ARP',
  0x8035: 'RARP',
  0x8137: 'IPX',
  0x8808: 'Ethernet flow control',
  0x8809: 'LACP',
  0x8863: 'PPPoE discovery',
  0x888e: 'EAPOL',
  0x88cc: 'LLDP',
  0x88e5: 'MACsec',
  0x88f7: 'PTP',
  0x8902: 'CFM',
  0x894f: 'NSH',
};

const PPP_NAMES: Readonly<Record<number, string>> = {
  0x8021: 'PPP control',
  0x8057: 'PPP control',
  0xc021: 'PPP control',
  0xc023: 'PPP control',
  0xc223: 'PPP control',
};

/** Finds the IP packet in an Ethernet frame, from its addresses on. */
export const readEthernet = (bytes: Buffer, depth = 0): Found =>
  bytes.length < 14
    ? foreign('Ethernet, cut short')
    : readEtherType(bytes.readUInt16BE(12), bytes.subarray(14), depth + 1);

/**
 * Finds the IP packet behind an EtherType: VLAN tags (802.1Q, 802.1ad), PPPoE (RFC 2516), MPLS
 * (RFC 3032), LLC/SNAP, ERSPAN and Ethernet within GRE. `depth` bounds how often one is in another.
 */
export function readEtherType(type: number, bytes: Buffer, depth = 0): Found {
  if (depth > LIMITS.captureLayersMax) return foreign('nested too deep');
  switch (type) {
    case 0x0800:
      return asIp(bytes, 'IPv4, damaged');
    case 0x86dd:
      return asIp(bytes, 'IPv6, damaged');
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
      if (bytes.length < 4) return foreign('VLAN tag, cut short');
      return readEtherType(bytes.readUInt16BE(2), bytes.subarray(4), depth + 1);
    case 0x8864:
      return readPppoe(bytes);
    case 0x880b:
      return readPpp(bytes);
    case 0x8847:
    case 0x8848:
      return readMpls(bytes, depth + 1);
    case 0x6558:
      return readEthernet(bytes, depth);
    case 0x88be:
    case 0x22eb:
      return readErspan(type, bytes, depth + 1);
    default:
      // Up to 1,500 it is a length (IEEE 802.3 clause 3.2.6), and LLC follows.
      return type <= 1_500 ? readLlc(bytes, depth + 1) : foreign(nameOfType(type));
  }
}

const nameOfType = (type: number): string => NAMES[type] ?? hexName('EtherType', type);

/** PPPoE of a session (RFC 2516 section 4): six bytes, then PPP. */
export const readPppoe = (bytes: Buffer): Found =>
  bytes.length < 8 ? foreign('PPPoE, cut short') : readPpp(bytes.subarray(6));

/** PPP (RFC 1661), with or without address and control (RFC 1662); the protocol in one byte or two. */
export function readPpp(bytes: Buffer): Found {
  const framed = bytes[0] === 0xff && bytes[1] === 3 ? bytes.subarray(2) : bytes;
  // An odd first byte is a compressed protocol field (RFC 1661 section 6.5).
  const short = ((framed[0] ?? 0) & 1) === 1;
  if (framed.length < 2) return foreign('PPP, cut short');
  const protocol = short ? framed.readUInt8(0) : framed.readUInt16BE(0);
  const rest = framed.subarray(short ? 1 : 2);
  if (protocol === 0x21 || protocol === 0x57) return asIp(rest, 'PPP, damaged');
  if (protocol === 0x281) return readMpls(rest, 0);
  if (protocol === 0x3d) return foreign('PPP in several parts');
  return foreign(PPP_NAMES[protocol] ?? hexName('PPP protocol', protocol));
}

/** Labels up to the bottom of the stack; what is below says by its first bits what it is. */
export function readMpls(bytes: Buffer, depth: number): Found {
  for (let at = 0; at + 4 <= bytes.length && at < LIMITS.captureLabelsMax * 4; at += 4) {
    if ((bytes.readUInt8(at + 2) & 1) === 0) continue;
    const rest = bytes.subarray(at + 4);
    const version = (rest[0] ?? 0) >> 4;
    if (version === 4 || version === 6) return { kind: 'ip', bytes: rest };
    // A pseudowire with its control word (RFC 4385 section 3), else Ethernet at once (RFC 4448).
    return readEthernet(version === 0 ? rest.subarray(4) : rest, depth);
  }
  return foreign('MPLS, cut short');
}

/** draft-foschiano-erspan section 4: type II has 8 bytes, type III 12 and maybe 8 more. */
function readErspan(type: number, bytes: Buffer, depth: number): Found {
  if (type === 0x88be) return readEthernet(bytes.subarray(8), depth);
  const more = ((bytes[11] ?? 0) & 1) === 1 ? 8 : 0;
  return readEthernet(bytes.subarray(12 + more), depth);
}

/** IEEE 802.2 with SNAP; all else that stands behind a length is no IP. */
function readLlc(bytes: Buffer, depth: number): Found {
  const isSnap = bytes.length >= 8 && bytes[0] === 0xaa && bytes[1] === 0xaa && bytes[2] === 3;
  if (!isSnap) return foreign(bytes[0] === 0x42 ? 'spanning tree' : 'LLC');
  // Cisco's and others' own protocols have an owner that is not zero.
  if (bytes.readUIntBE(3, 3) !== 0) return foreign('LLC');
  return readEtherType(bytes.readUInt16BE(6), bytes.subarray(8), depth);
}
