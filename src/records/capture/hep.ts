import { canonicalAddress } from '../../core/common/address.js';
import type { Endpoint } from '../../core/model/transport.js';

/** A SIP message as a PBX or a capture agent hands it to Homer (HEP version 3). */
export interface HepMessage {
  readonly transport: 'udp' | 'tcp';
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly bytes: Buffer;
}

const HEAD_BYTES = 6;
const CHUNK_HEAD_BYTES = 6;
const TCP = 6;
const KIND_SIP = 1;
/** Chunk types of vendor 0 (HEP3 network protocol specification, section 3). */
const CHUNK = { protocol: 2, ports: 7, kind: 11, payload: 15 } as const;

export const isHep = (bytes: Buffer): boolean =>
  bytes.length >= HEAD_BYTES && bytes.toString('latin1', 0, 4) === 'HEP3';

/** Null when it is damaged, or holds something else than SIP. Nothing in it is proven. */
export function readHep(bytes: Buffer): HepMessage | null {
  const chunks = readChunks(bytes);
  const payload = chunks.get(CHUNK.payload);
  if (payload === undefined || chunks.get(CHUNK.kind)?.[0] !== KIND_SIP) return null;
  const source = endpointOf(chunks, 0);
  const destination = endpointOf(chunks, 1);
  if (source === null || destination === null) return null;
  const transport = chunks.get(CHUNK.protocol)?.[0] === TCP ? 'tcp' : 'udp';
  return { transport, source, destination, bytes: Buffer.from(payload) };
}

function readChunks(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const chunks = new Map<number, Buffer>();
  const end = Math.min(bytes.length, bytes.readUInt16BE(4));
  for (let at = HEAD_BYTES; at + CHUNK_HEAD_BYTES <= end;) {
    const vendor = bytes.readUInt16BE(at);
    const type = bytes.readUInt16BE(at + 2);
    const length = bytes.readUInt16BE(at + 4);
    if (length < CHUNK_HEAD_BYTES || at + length > end) break;
    if (vendor === 0) chunks.set(type, bytes.subarray(at + CHUNK_HEAD_BYTES, at + length));
    at += length;
  }
  return chunks;
}

/** Addresses stand in chunks 3 and 4 (IPv4) or 5 and 6 (IPv6), ports in 7 and 8. */
function endpointOf(chunks: ReadonlyMap<number, Buffer>, which: 0 | 1): Endpoint | null {
  const port = chunks.get(CHUNK.ports + which);
  if (port?.length !== 2) return null;
  const ipv4 = chunks.get(3 + which);
  const ipv6 = chunks.get(5 + which);
  const text =
    ipv4?.length === 4
      ? ipv4.join('.')
      : ipv6?.length === 16
        ? ipv6.toString('hex').replace(/(.{4})(?=.)/g, '$1:')
        : '';
  const address = canonicalAddress(text);
  return address === null ? null : { address, port: port.readUInt16BE(0) };
}
