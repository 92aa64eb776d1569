/** A TCP segment (RFC 9293 section 3.1). */
export interface Segment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  readonly payload: Buffer;
}

export interface Datagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Buffer;
}

/** Null when the bytes hold no whole header. */
export function readTcp(bytes: Buffer): Segment | null {
  if (bytes.length < 20) return null;
  const headerLength = (bytes.readUInt8(12) >> 4) * 4;
  if (headerLength < 20 || bytes.length < headerLength) return null;
  const flags = bytes.readUInt8(13);
  return {
    sourcePort: bytes.readUInt16BE(0),
    destinationPort: bytes.readUInt16BE(2),
    sequence: bytes.readUInt32BE(4),
    acknowledged: bytes.readUInt32BE(8),
    fin: (flags & 1) !== 0,
    syn: (flags & 2) !== 0,
    rst: (flags & 4) !== 0,
    ack: (flags & 16) !== 0,
    payload: bytes.subarray(headerLength),
  };
}

/** Reads a UDP datagram (RFC 768); null when the bytes hold no whole header. */
export function readUdp(bytes: Buffer): Datagram | null {
  if (bytes.length < 8) return null;
  // 0 stands for a length that does not fit (RFC 2675), or was left to the card.
  const stated = bytes.readUInt16BE(4);
  const end = stated < 8 ? bytes.length : Math.min(stated, bytes.length);
  return {
    sourcePort: bytes.readUInt16BE(0),
    destinationPort: bytes.readUInt16BE(2),
    payload: bytes.subarray(8, end),
  };
}
