/** What a frame carries: an IP packet, and whether the capturing host sent it (null: not said). */
export interface LinkPayload {
  readonly ip: Buffer;
  readonly outgoing: boolean | null;
}

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_PPPOE = 0x8864;
/** 802.1Q, 802.1ad and the older QinQ. */
const ETHERTYPES_VLAN = new Set([0x8100, 0x88a8, 0x9100]);
const VLAN_TAGS_MAX = 4;
const COOKED_OUTGOING = 4;

/**
 * Finds the IP packet in a frame: Ethernet (1), BSD loopback (0, 108), raw IP (12, 14, 101, 228,
 * 229), Linux cooked v1 (113) and v2 (276), with VLAN tags and PPPoE. Null: there is none in it.
 */
export function readLink(linkType: number, bytes: Buffer): LinkPayload | null {
  switch (linkType) {
    case 1:
      return bytes.length < 14 ? null : carried(bytes, bytes.readUInt16BE(12), 14, null);
    case 113:
      if (bytes.length < 16) return null;
      return carried(bytes, bytes.readUInt16BE(14), 16, bytes.readUInt16BE(0) === COOKED_OUTGOING);
    case 276:
      if (bytes.length < 20) return null;
      return carried(bytes, bytes.readUInt16BE(0), 20, bytes[10] === COOKED_OUTGOING);
    // The address family differs between systems; the version in the packet does not.
    case 0:
    case 108:
      return whole(bytes.subarray(4), null);
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return whole(bytes, null);
    default:
      return null;
  }
}

function carried(
  bytes: Buffer,
  firstType: number,
  firstOffset: number,
  outgoing: boolean | null,
): LinkPayload | null {
  let type = firstType;
  let offset = firstOffset;
  for (let tags = 0; ETHERTYPES_VLAN.has(type) && tags < VLAN_TAGS_MAX; tags += 1) {
    if (bytes.length < offset + 4) return null;
    type = bytes.readUInt16BE(offset + 2);
    offset += 4;
  }
  // Six bytes of PPPoE, then two that name the protocol (RFC 2516).
  if (type === ETHERTYPE_PPPOE) return whole(bytes.subarray(offset + 8), outgoing);
  if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return null;
  return whole(bytes.subarray(offset), outgoing);
}

function whole(ip: Buffer, outgoing: boolean | null): LinkPayload | null {
  const version = (ip[0] ?? 0) >> 4;
  return version === 4 || version === 6 ? { ip, outgoing } : null;
}
