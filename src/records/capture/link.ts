import { readEtherType, readEthernet, readMpls, readPpp, readPppoe } from './ether.js';
import { asIp, foreign, type Found } from './layers.js';

/** What a frame carries, and whether the capturing host sent it (null: not said). */
export interface LinkPayload {
  readonly found: Found;
  readonly outgoing: boolean | null;
}

const COOKED_OUTGOING = 4;
const NFLOG_PAYLOAD = 9;

/** Link types that carry IP in a way that is not read. */
const NAMES: Readonly<Record<number, string>> = {
  6: 'token ring',
  105: 'Wi-Fi (802.11)',
  107: 'frame relay',
  119: 'Wi-Fi (802.11)',
  127: 'Wi-Fi (802.11)',
  189: 'USB',
  192: 'Wi-Fi (802.11)',
  220: 'USB',
  248: 'SCTP',
  249: 'USB',
  252: 'exported PDUs',
  253: 'netlink',
};

/**
 * Finds the IP packet in a frame by its LINKTYPE (https://www.tcpdump.org/linktypes.html): Ethernet,
 * loopback, raw IP, Linux cooked v1 and v2, PPP, PPPoE, Cisco HDLC, MPLS and NFLOG.
 */
export function readLink(linkType: number, bytes: Buffer): LinkPayload {
  switch (linkType) {
    case 113:
      return readCooked(bytes, { head: 16, typeAt: 14, directionAt: 1 });
    case 276:
      return readCooked(bytes, { head: 20, typeAt: 0, directionAt: 10 });
    default:
      return { found: readPlain(linkType, bytes), outgoing: null };
  }
}

function readPlain(linkType: number, bytes: Buffer): Found {
  switch (linkType) {
    case 1:
      return readEthernet(bytes);
    // The address family differs between systems; the version in the packet does not.
    case 0:
    case 108:
      return asIp(bytes.subarray(4), 'loopback without IP');
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return asIp(bytes, 'raw, but no IP');
    case 9:
    case 50:
      return readPpp(bytes);
    case 51:
      return readPppoe(bytes);
    case 104:
      return bytes.length < 4
        ? foreign('HDLC, cut short')
        : readEtherType(bytes.readUInt16BE(2), bytes.subarray(4));
    case 219:
      return readMpls(bytes, 0);
    case 239:
      return readNflog(bytes);
    default:
      return foreign(NAMES[linkType] ?? `link type ${linkType}`);
  }
}

interface Cooked {
  readonly head: number;
  readonly typeAt: number;
  readonly directionAt: number;
}

function readCooked(bytes: Buffer, { head, typeAt, directionAt }: Cooked): LinkPayload {
  if (bytes.length < head) return { found: foreign('Linux cooked, cut short'), outgoing: null };
  const found = readEtherType(bytes.readUInt16BE(typeAt), bytes.subarray(head));
  return { found, outgoing: bytes.readUInt8(directionAt) === COOKED_OUTGOING };
}

/** NFLOG: family, version, resource id, then attributes of length, type and padded value. */
function readNflog(bytes: Buffer): Found {
  for (let at = 4; at + 4 <= bytes.length;) {
    // Attributes are in the byte order of the capturing host, which is little on all that matter.
    const length = bytes.readUInt16LE(at);
    const type = bytes.readUInt16LE(at + 2) & 0x7fff;
    if (length < 4) break;
    if (type === NFLOG_PAYLOAD)
      return asIp(bytes.subarray(at + 4, at + length), 'NFLOG without IP');
    at += Math.ceil(length / 4) * 4;
  }
  return foreign('NFLOG without a packet');
}
