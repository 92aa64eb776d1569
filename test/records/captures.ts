import { isIP } from 'node:net';

/** Makes captures byte by byte, so that the readers are tested against the formats' own words. */
export interface Wire {
  readonly from: string;
  readonly to: string;
  readonly payload: Buffer;
}

export function sip(method: string, extra: Readonly<Record<string, string>> = {}): Buffer {
  const headers = {
    Via: 'SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK-1',
    From: '<sip:100@192.0.2.1>;tag=1',
    To: '<sip:100@192.0.2.1>',
    'Call-ID': 'call-1',
    CSeq: `1 ${method}`,
    'Content-Length': '0',
    ...extra,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`${method} sip:192.0.2.1 SIP/2.0`, ...lines, '', ''].join('\r\n'));
}

export function sipAnswer(status: string, extra: Readonly<Record<string, string>> = {}): Buffer {
  const text = sip('REGISTER', extra).toString('latin1');
  return Buffer.from(`SIP/2.0 ${status}\r\n${text.slice(text.indexOf('\r\n') + 2)}`, 'latin1');
}

export function udp({ from, to, payload }: Wire): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(portOf(from), 0);
  header.writeUInt16BE(portOf(to), 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return ip(addressOf(from), addressOf(to), 17, Buffer.concat([header, payload]));
}

export interface TcpFlags {
  readonly seq: number;
  readonly ack?: number;
  readonly flags: string;
}

/** `flags` are letters: S A F R P. */
export function tcp({ from, to, payload }: Wire, { seq, ack = 0, flags }: TcpFlags): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(portOf(from), 0);
  header.writeUInt16BE(portOf(to), 2);
  header.writeUInt32BE(seq >>> 0, 4);
  header.writeUInt32BE(ack >>> 0, 8);
  header.writeUInt8(5 << 4, 12);
  const bits = { F: 1, S: 2, R: 4, P: 8, A: 16 } as const;
  const value = flags.split('').reduce((sum, flag) => sum | bits[flag as keyof typeof bits], 0);
  header.writeUInt8(value, 13);
  return ip(addressOf(from), addressOf(to), 6, Buffer.concat([header, payload]));
}

export function ip(source: string, destination: string, protocol: number, body: Buffer): Buffer {
  return isIP(source) === 4
    ? ipv4(source, destination, protocol, body)
    : ipv6(source, destination, protocol, body);
}

export function ipv4(
  source: string,
  destination: string,
  protocol: number,
  body: Buffer,
  fragment = { id: 0, offset: 0, more: false },
): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + body.length, 2);
  header.writeUInt16BE(fragment.id, 4);
  header.writeUInt16BE((fragment.more ? 0x2000 : 0) | (fragment.offset / 8), 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  Buffer.from(source.split('.').map(Number)).copy(header, 12);
  Buffer.from(destination.split('.').map(Number)).copy(header, 16);
  return Buffer.concat([header, body]);
}

/** Addresses in full: eight groups. A destination-options header stands before the payload. */
export function ipv6(source: string, destination: string, protocol: number, body: Buffer): Buffer {
  const header = Buffer.alloc(48);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(8 + body.length, 4);
  header.writeUInt8(60, 6);
  header.writeUInt8(64, 7);
  groups(source).copy(header, 8);
  groups(destination).copy(header, 24);
  header.writeUInt8(protocol, 40);
  return Buffer.concat([header, body]);
}

const groups = (address: string): Buffer =>
  Buffer.from(
    address
      .split(':')
      .map((group) => group.padStart(4, '0'))
      .join(''),
    'hex',
  );

const portOf = (endpoint: string): number => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
const addressOf = (endpoint: string): string =>
  endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/[[\]]/g, '');

/** The frames of the link types that are read, around one IP packet. */
export const LINKS: readonly (readonly [string, number, (packet: Buffer) => Buffer])[] = [
  ['Ethernet', 1, (packet) => Buffer.concat([Buffer.alloc(12), etherType(packet), packet])],
  [
    'Ethernet with two VLAN tags',
    1,
    (packet) =>
      Buffer.concat([
        Buffer.alloc(12),
        Buffer.from('88a8000181000002', 'hex'),
        etherType(packet),
        packet,
      ]),
  ],
  [
    'PPPoE',
    1,
    (packet) =>
      Buffer.concat([
        Buffer.alloc(12),
        Buffer.from('8864110000010000', 'hex'),
        ppp(packet),
        packet,
      ]),
  ],
  [
    'Linux cooked v1',
    113,
    (packet) => Buffer.concat([Buffer.alloc(14), etherType(packet), packet]),
  ],
  [
    'Linux cooked v2',
    276,
    (packet) => Buffer.concat([etherType(packet), Buffer.alloc(18), packet]),
  ],
  ['BSD loopback', 0, (packet) => Buffer.concat([Buffer.from([2, 0, 0, 0]), packet])],
  ['OpenBSD loopback', 108, (packet) => Buffer.concat([Buffer.from([0, 0, 0, 24]), packet])],
  ['raw IP', 101, (packet) => packet],
];

const isV6 = (packet: Buffer): boolean => (packet[0] ?? 0) >> 4 === 6;
const etherType = (packet: Buffer): Buffer => Buffer.from(isV6(packet) ? '86dd' : '0800', 'hex');
const ppp = (packet: Buffer): Buffer => Buffer.from(isV6(packet) ? '0057' : '0021', 'hex');

export interface Stamped {
  readonly atUs: number;
  readonly bytes: Buffer;
}

export interface PcapForm {
  readonly linkType: number;
  readonly little: boolean;
  readonly nanoseconds: boolean;
}

export function pcap(frames: readonly Stamped[], form: Partial<PcapForm> = {}): Buffer {
  const { linkType = 101, little = true, nanoseconds = false } = form;
  const header = Buffer.alloc(24);
  const u32 = writer(little);
  u32(header, 0, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
  u32(header, 16, 262_144);
  u32(header, 20, linkType);
  const records = frames.map(({ atUs, bytes }) => {
    const head = Buffer.alloc(16);
    u32(head, 0, Math.floor(atUs / 1e6));
    u32(head, 4, (atUs % 1e6) * (nanoseconds ? 1_000 : 1));
    u32(head, 8, bytes.length);
    u32(head, 12, bytes.length);
    return Buffer.concat([head, bytes]);
  });
  return Buffer.concat([header, ...records]);
}

export interface PcapngForm {
  readonly linkType: number;
  readonly little: boolean;
  /** if_tsresol; null: left out, which means microseconds. */
  readonly resolution: number | null;
  /** epb_flags; null: left out. */
  readonly flags: number | null;
}

export function pcapng(frames: readonly Stamped[], form: Partial<PcapngForm> = {}): Buffer {
  const { linkType = 101, little = true, resolution = null, flags = null } = form;
  const u32 = writer(little);
  const section = Buffer.alloc(16);
  u32(section, 0, 0x1a2b3c4d);
  section.fill(0xff, 8);
  const link = Buffer.alloc(8);
  if (little) link.writeUInt16LE(linkType, 0);
  else link.writeUInt16BE(linkType, 0);
  const options =
    resolution === null
      ? Buffer.alloc(0)
      : option(9, Buffer.from([resolution, 0, 0, 0]), 1, little);
  const packets = frames.map(({ atUs, bytes }) => {
    const head = Buffer.alloc(20);
    const units = unitsOf(atUs, resolution ?? 6);
    u32(head, 4, Number(units >> 32n));
    u32(head, 8, Number(units & 0xffffffffn));
    u32(head, 12, bytes.length);
    u32(head, 16, bytes.length);
    const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
    const word = Buffer.alloc(4);
    u32(word, 0, flags ?? 0);
    const tail = flags === null ? Buffer.alloc(0) : option(2, word, 4, little);
    return block(6, Buffer.concat([head, padded, tail]), little);
  });
  return Buffer.concat([
    block(0x0a0d0d0a, section, little),
    block(1, Buffer.concat([link, options]), little),
    block(0x0bad, Buffer.alloc(8), little),
    ...packets,
  ]);
}

function unitsOf(atUs: number, resolution: number): bigint {
  const perSecond =
    resolution >= 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
  return (BigInt(atUs) * perSecond) / 1_000_000n;
}

function block(type: number, body: Buffer, little: boolean): Buffer {
  const head = Buffer.alloc(8);
  const tail = Buffer.alloc(4);
  const u32 = writer(little);
  u32(head, 0, type);
  u32(head, 4, body.length + 12);
  u32(tail, 0, body.length + 12);
  return Buffer.concat([head, body, tail]);
}

function option(code: number, padded: Buffer, length: number, little: boolean): Buffer {
  const head = Buffer.alloc(4);
  if (little) {
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(length, 2);
  } else {
    head.writeUInt16BE(code, 0);
    head.writeUInt16BE(length, 2);
  }
  return Buffer.concat([head, padded]);
}

const writer =
  (little: boolean) =>
  (bytes: Buffer, at: number, value: number): void => {
    if (little) bytes.writeUInt32LE(value, at);
    else bytes.writeUInt32BE(value, at);
  };
