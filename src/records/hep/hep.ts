import { inflateSync } from 'node:zlib';
import { canonicalAddress } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Endpoint, Transport } from '../../core/model/transport.js';

/** A SIP message as a PBX or a capture agent hands it to Homer. Nothing in it is proven. */
export interface HepMessage {
  readonly transport: Transport;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly bytes: Buffer;
  /** The key that it came with; null: none. */
  readonly key: string | null;
}

/** Why a packet gives no message; `not_sip` is what other payloads than SIP are. */
export type HepFault = 'damaged' | 'not_sip';

const HEAD_BYTES = 6;
const CHUNK_HEAD_BYTES = 6;
const KIND_SIP = 1;
/** Chunk types of vendor 0 (HEP3 network protocol specification, section 3). */
const CHUNK = { protocol: 2, ports: 7, kind: 11, key: 14, payload: 15, zipped: 16 } as const;
/**
 * Numbers of IP protocols, two of which siptrace of Kamailio and OpenSIPS borrows: what else there
 * is counts as UDP, which proves nothing.
 */
const TRANSPORT_BY_PROTOCOL: ReadonlyMap<number, Transport> = new Map([
  [6, 'tcp'],
  [22, 'tls'],
  [50, 'ws'],
]);

/** Version 3 begins with its name; versions 1 and 2 with their number and the length of their head. */
export function isHep(bytes: Buffer): boolean {
  if (bytes.length < HEAD_BYTES) return false;
  return bytes.toString('latin1', 0, 4) === 'HEP3' || isOldHep(bytes);
}

/** The message in one HEP packet. Never throws. */
export function readHep(bytes: Buffer): HepMessage | HepFault {
  if (bytes.length < HEAD_BYTES) return 'damaged';
  return bytes.toString('latin1', 0, 4) === 'HEP3' ? readThird(bytes) : readOld(bytes);
}

function readThird(bytes: Buffer): HepMessage | HepFault {
  const chunks = readChunks(bytes);
  if (chunks === null) return 'damaged';
  const kind = chunks.get(CHUNK.kind);
  const source = endpointOf(chunks, 0);
  const destination = endpointOf(chunks, 1);
  if (kind?.length !== 1 || source === null || destination === null) return 'damaged';
  if (kind[0] !== KIND_SIP) return 'not_sip';
  const payload = payloadOf(chunks);
  if (payload === null) return 'damaged';
  const transport = transportOf(chunks.get(CHUNK.protocol)?.[0]);
  const key = chunks.get(CHUNK.key)?.toString('latin1') ?? null;
  return { transport, source, destination, bytes: payload, key };
}

/** Null when a chunk does not fit. Of chunks that come twice the first one counts. */
function readChunks(bytes: Buffer): ReadonlyMap<number, Buffer> | null {
  const chunks = new Map<number, Buffer>();
  const end = bytes.readUInt16BE(4);
  if (end > bytes.length) return null;
  let at = HEAD_BYTES;
  while (at + CHUNK_HEAD_BYTES <= end) {
    const vendor = bytes.readUInt16BE(at);
    const type = bytes.readUInt16BE(at + 2);
    const length = bytes.readUInt16BE(at + 4);
    if (length < CHUNK_HEAD_BYTES || at + length > end) return null;
    if (vendor === 0 && !chunks.has(type)) {
      chunks.set(type, bytes.subarray(at + CHUNK_HEAD_BYTES, at + length));
    }
    at += length;
  }
  return at === end ? chunks : null;
}

/** A copy: the packet is a view of what was read. */
function payloadOf(chunks: ReadonlyMap<number, Buffer>): Buffer | null {
  const plain = chunks.get(CHUNK.payload);
  if (plain !== undefined) return Buffer.from(plain);
  const zipped = chunks.get(CHUNK.zipped);
  if (zipped === undefined) return null;
  try {
    return inflateSync(zipped, { maxOutputLength: LIMITS.rawBytesMax });
  } catch {
    return null;
  }
}

/** Addresses stand in chunks 3 and 4 (IPv4) or 5 and 6 (IPv6), ports in 7 and 8. */
function endpointOf(chunks: ReadonlyMap<number, Buffer>, which: 0 | 1): Endpoint | null {
  const port = chunks.get(CHUNK.ports + which);
  if (port?.length !== 2) return null;
  const bytes = chunks.get(3 + which) ?? chunks.get(5 + which);
  return bytes === undefined ? null : endpoint(bytes, port.readUInt16BE(0));
}

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
/** Version, length, family, protocol and two ports. */
const OLD_HEAD_BYTES = 8;
/** Seconds, microseconds, the agent's number and two bytes that fill up. */
const OLD_TIME_BYTES = 12;

/** Bytes of the head of version 1 or 2; null: it is no such head. */
function oldHeadBytes(bytes: Buffer): number | null {
  const [version, length, family] = bytes;
  const address = family === 2 ? IPV4_BYTES : family === 10 ? IPV6_BYTES : 0;
  if ((version !== 1 && version !== 2) || address === 0) return null;
  const head = OLD_HEAD_BYTES + 2 * address;
  // Some count the time, which follows the addresses, to the length, and some do not.
  const withTime = version === 2 ? head + OLD_TIME_BYTES : head;
  return length === head || length === withTime ? withTime : null;
}

function isOldHep(bytes: Buffer): boolean {
  const head = oldHeadBytes(bytes);
  return head !== null && bytes.length > head;
}

function readOld(bytes: Buffer): HepMessage | HepFault {
  const head = oldHeadBytes(bytes);
  if (head === null || bytes.length <= head) return 'damaged';
  const address = bytes[2] === 2 ? IPV4_BYTES : IPV6_BYTES;
  const first = OLD_HEAD_BYTES;
  const source = endpoint(bytes.subarray(first, first + address), bytes.readUInt16BE(4));
  const second = bytes.subarray(first + address, first + 2 * address);
  const destination = endpoint(second, bytes.readUInt16BE(6));
  if (source === null || destination === null) return 'damaged';
  const payload = Buffer.from(bytes.subarray(head));
  return { transport: transportOf(bytes[3]), source, destination, bytes: payload, key: null };
}

const transportOf = (protocol: number | undefined): Transport =>
  TRANSPORT_BY_PROTOCOL.get(protocol ?? 0) ?? 'udp';

function endpoint(bytes: Buffer, port: number): Endpoint | null {
  const text =
    bytes.length === IPV4_BYTES
      ? bytes.join('.')
      : bytes.length === IPV6_BYTES
        ? bytes.toString('hex').replace(/(.{4})(?=.)/g, '$1:')
        : '';
  const address = canonicalAddress(text);
  return address === null ? null : { address, port };
}
