import { parseAddressBytes } from './address-bytes.js';

export interface Chunk {
  readonly type: number;
  readonly data: Buffer;
  readonly vendor?: number;
}

export interface HepPlace {
  readonly from: { readonly address: string; readonly port: number };
  readonly to: { readonly address: string; readonly port: number };
  /** Of IP; 17 is UDP. */
  readonly protocol?: number;
  readonly key?: string;
}

/** A chunk that holds a number of so many bytes. */
export function chunk(type: number, value: number, bytes: number): Chunk {
  const data = Buffer.alloc(bytes);
  data.writeUIntBE(value, 0, bytes);
  return { type, data };
}

/** As res_hep and siptrace write them. */
export function hepChunks(payload: string, { from, to, protocol = 17, key }: HepPlace): Chunk[] {
  const isIpv6 = from.address.includes(':');
  return [
    chunk(1, isIpv6 ? 10 : 2, 1),
    chunk(2, protocol, 1),
    { type: isIpv6 ? 5 : 3, data: parseAddressBytes(from.address) },
    { type: isIpv6 ? 6 : 4, data: parseAddressBytes(to.address) },
    chunk(7, from.port, 2),
    chunk(8, to.port, 2),
    chunk(9, 1_800_000_000, 4),
    chunk(10, 0, 4),
    chunk(11, 1, 1),
    chunk(12, 1234, 4),
    ...(key === undefined ? [] : [{ type: 14, data: Buffer.from(key) }]),
    { type: 15, data: Buffer.from(payload) },
  ];
}

export function hep(chunks: readonly Chunk[]): Buffer;
export function hep(payload: string, place: HepPlace): Buffer;
export function hep(what: string | readonly Chunk[], place?: HepPlace): Buffer {
  const chunks =
    typeof what !== 'string' ? what : place === undefined ? [] : hepChunks(what, place);
  const parts = chunks.map(({ type, data, vendor = 0 }) => {
    const head = Buffer.alloc(6);
    head.writeUInt16BE(vendor, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(data.length + 6, 4);
    return Buffer.concat([head, data]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.from('HEP3\0\0');
  head.writeUInt16BE(body.length + 6, 4);
  return Buffer.concat([head, body]);
}
