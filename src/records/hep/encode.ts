import { cidrOf } from '../../core/common/address.js';
import type { Endpoint, Transport } from '../../core/model/transport.js';

/** A SIP message, and how it was carried. */
export interface HepContent {
  readonly transport: Transport;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** Microseconds since 1970, UTC. */
  readonly atUs: number;
  readonly bytes: Buffer;
}

/** Who tells of it. */
export interface HepAgent {
  /** The number of the capture agent, of 32 bits. */
  readonly id: number;
  /** Its name; empty: it is not told. */
  readonly name: string;
  /** The authentication key; empty: none. */
  readonly key: string;
}

const HEAD_BYTES = 6;
const KIND_SIP = 1;
/** As the system names the families (AF_INET, AF_INET6), which the protocol took over. */
const FAMILY = { 4: 2, 6: 10 } as const;
/**
 * Numbers of IP protocols. 22 stands for TLS, as Kamailio and OpenSIPS have it; a WebSocket is told
 * of as what carries it.
 */
const PROTOCOL: Readonly<Record<Transport, number>> = { udp: 17, tcp: 6, ws: 6, tls: 22, wss: 22 };
/** What one packet can tell of its length. */
const PACKET_BYTES_MAX = 65_535;

/**
 * The message as a HEP packet of version 3 (HEP3 network protocol specification, section 3); null
 * when it is too long for one.
 */
export function encodeHep(content: HepContent, agent: HepAgent): Buffer | null {
  const { transport, source, destination, atUs, bytes } = content;
  const [from, to] = pairOf(source.address, destination.address);
  const family = from.length === 4 ? 4 : 6;
  const first = family === 4 ? 3 : 5;
  const chunks = [
    chunk(1, number(FAMILY[family], 1)),
    chunk(2, number(PROTOCOL[transport], 1)),
    chunk(first, from),
    chunk(first + 1, to),
    chunk(7, number(source.port, 2)),
    chunk(8, number(destination.port, 2)),
    chunk(9, number(Math.floor(atUs / 1_000_000), 4)),
    chunk(10, number(Math.floor(atUs % 1_000_000), 4)),
    chunk(11, number(KIND_SIP, 1)),
    chunk(12, number(agent.id, 4)),
    ...(agent.key === '' ? [] : [chunk(14, Buffer.from(agent.key, 'utf8'))]),
    ...(agent.name === '' ? [] : [chunk(19, Buffer.from(agent.name, 'utf8'))]),
    chunk(15, bytes),
  ];
  const packet = Buffer.concat([Buffer.from('HEP3\0\0', 'latin1'), ...chunks]);
  if (packet.length > PACKET_BYTES_MAX) return null;
  packet.writeUInt16BE(packet.length, HEAD_BYTES - 2);
  return packet;
}

/** Vendor 0, type, length with these six bytes, content. */
function chunk(type: number, content: Buffer): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + content.length);
  bytes.writeUInt16BE(type, 2);
  // One that is too long for its length makes the whole packet too long.
  bytes.writeUInt16BE(bytes.length & 0xffff, 4);
  content.copy(bytes, HEAD_BYTES);
  return bytes;
}

function number(value: number, bytes: 1 | 2 | 4): Buffer {
  const written = Buffer.alloc(bytes);
  written.writeUIntBE(value, 0, bytes);
  return written;
}

/**
 * Both addresses of one family: a socket of both families has the IPv6 address `::`, and who talks
 * to it over IPv4 an address of the other; that one is told as IPv6, too.
 */
function pairOf(a: string, b: string): readonly [Buffer, Buffer] {
  const [one, other] = [bytesOf(a), bytesOf(b)];
  return one.length === other.length ? [one, other] : [asIpv6(one), asIpv6(other)];
}

const bytesOf = (address: string): Buffer => Buffer.from(cidrOf(address, null)?.bytes ?? []);

/** RFC 4291, section 2.5.5.2. */
const asIpv6 = (bytes: Buffer): Buffer =>
  bytes.length === 16
    ? bytes
    : Buffer.concat([Buffer.alloc(10), Buffer.from('ffff', 'hex'), bytes]);
