import { LIMITS } from '../../core/common/limits.js';
import {
  append,
  consume,
  createPending,
  damageAt,
  readU16,
  readU32,
  type Frame,
  type Pending,
} from './frame.js';

/** Block types and options of draft-ietf-opsawg-pcapng. */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION_FLAGS = 2;
const OPTION_RESOLUTION = 9;
const OPTION_OFFSET = 14;
const BLOCK_BYTES_MIN = 12;

interface Interface {
  readonly linkType: number;
  readonly unitsPerSecond: bigint;
  readonly offsetS: bigint;
}

/** A pcapng file as it comes in, in pieces of any size. */
export interface PcapngReader {
  readonly kind: 'pcapng';
  readonly pending: Pending;
  little: boolean;
  interfaces: Interface[];
  /** Time of the last frame: a simple packet block has none of its own. */
  lastUs: number;
}

export const createPcapngReader = (): PcapngReader => ({
  kind: 'pcapng',
  pending: createPending(),
  little: true,
  interfaces: [],
  lastUs: 0,
});

export const isPcapng = (head: Buffer): boolean =>
  head.length >= 4 && head.readUInt32BE(0) === SECTION;

/** The frames that the next bytes complete. What cannot be read is named in `pending.damage`. */
export function readPcapng(reader: PcapngReader, chunk: Buffer): readonly Frame[] {
  const { pending } = reader;
  if (pending.damage !== null) return [];
  append(pending, chunk);
  const frames: Frame[] = [];
  while (pending.bytes.length >= BLOCK_BYTES_MIN) {
    const type = readType(reader);
    if (type === null) break;
    const length = readU32(pending.bytes, 4, reader.little);
    if (length < BLOCK_BYTES_MIN || length % 4 !== 0 || length > LIMITS.captureBlockBytesMax) {
      damageAt(pending, `a block of ${length} bytes; what follows cannot be told apart`);
      break;
    }
    if (pending.bytes.length < length) break;
    if (readU32(pending.bytes, length - 4, reader.little) !== length) {
      damageAt(pending, 'a block with two different lengths; what follows cannot be told apart');
      break;
    }
    const frame = readBlock(reader, type, pending.bytes.subarray(8, length - 4));
    if (frame !== null) frames.push(frame);
    consume(pending, length);
  }
  return frames;
}

/** The type of the block at hand; a section header sets the byte order of what follows. */
function readType(reader: PcapngReader): number | null {
  const { pending } = reader;
  const { bytes } = pending;
  if (bytes.readUInt32BE(0) !== SECTION) return readU32(bytes, 0, reader.little);
  const isBig = bytes.readUInt32BE(8) === BYTE_ORDER_MAGIC;
  if (!isBig && bytes.readUInt32LE(8) !== BYTE_ORDER_MAGIC) {
    damageAt(pending, 'a section without its byte order; what follows cannot be told apart');
    return null;
  }
  reader.little = !isBig;
  reader.interfaces = [];
  return SECTION;
}

function readBlock(reader: PcapngReader, type: number, body: Buffer): Frame | null {
  switch (type) {
    case INTERFACE:
      if (body.length >= 8 && reader.interfaces.length < LIMITS.captureInterfacesMax) {
        reader.interfaces.push(readInterface(body, reader.little));
      }
      return null;
    case ENHANCED_PACKET:
      return body.length < 20 ? null : readPacket(reader, body, readU32(body, 0, reader.little));
    case OLD_PACKET:
      return body.length < 20 ? null : readPacket(reader, body, readU16(body, 0, reader.little));
    case SIMPLE_PACKET:
      return readSimplePacket(reader, body);
    default:
      return null;
  }
}

function readInterface(body: Buffer, little: boolean): Interface {
  const options = readOptions(body.subarray(8), little);
  const resolution = options.get(OPTION_RESOLUTION)?.[0] ?? 6;
  // The highest bit says that the rest is a power of two; 10^19 and more fit no 64 bits.
  const exponent = BigInt(Math.min(resolution & 0x7f, resolution >= 0x80 ? 63 : 18));
  const offset = options.get(OPTION_OFFSET);
  const hasOffset = offset?.length === 8;
  return {
    linkType: readU16(body, 0, little),
    unitsPerSecond: (resolution >= 0x80 ? 2n : 10n) ** exponent,
    offsetS: !hasOffset ? 0n : little ? offset.readBigInt64LE(0) : offset.readBigInt64BE(0),
  };
}

function readPacket(reader: PcapngReader, body: Buffer, index: number): Frame | null {
  const { little } = reader;
  const at = reader.interfaces[index];
  const length = readU32(body, 12, little);
  if (at === undefined || length > body.length - 20) return null;
  const units = (BigInt(readU32(body, 4, little)) << 32n) | BigInt(readU32(body, 8, little));
  const us = Number((units * 1_000_000n) / at.unitsPerSecond + at.offsetS * 1_000_000n);
  if (!isTime(us)) return null;
  reader.lastUs = us;
  const padded = 20 + Math.ceil(length / 4) * 4;
  const flags = readOptions(body.subarray(padded), little).get(OPTION_FLAGS);
  return {
    atUs: us,
    linkType: at.linkType,
    bytes: body.subarray(20, 20 + length),
    outgoing: flags?.length === 4 ? readDirection(readU32(flags, 0, little)) : null,
  };
}

function readSimplePacket(reader: PcapngReader, body: Buffer): Frame | null {
  const [first] = reader.interfaces;
  if (first === undefined || body.length < 4) return null;
  const length = Math.min(readU32(body, 0, reader.little), body.length - 4);
  const bytes = body.subarray(4, 4 + length);
  return { atUs: reader.lastUs, linkType: first.linkType, bytes, outgoing: null };
}

/** Beyond the year 9999 no time can be written as text. */
const isTime = (us: number): boolean => us >= 0 && us < 253_402_300_800_000_000;

/** Of epb_flags, the two lowest bits: 1 inbound, 2 outbound. */
function readDirection(flags: number): boolean | null {
  const direction = flags & 3;
  if (direction === 0) return null;
  return direction === 2;
}

function readOptions(bytes: Buffer, little: boolean): ReadonlyMap<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const code = readU16(bytes, at, little);
    const length = readU16(bytes, at + 2, little);
    if (code === 0 || at + 4 + length > bytes.length) break;
    options.set(code, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return options;
}
