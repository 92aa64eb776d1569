import { LIMITS } from '../../core/common/limits.js';
import {
  append,
  consume,
  createPending,
  damageAt,
  readU32,
  type Frame,
  type Pending,
} from './frame.js';

const FILE_HEADER_BYTES = 24;
const FRAME_HEADER_BYTES = 16;
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
/** The upper bits tell of a frame check sequence (draft-ietf-opsawg-pcap, section 4). */
const LINK_TYPE_MASK = 0x0fffffff;

interface PcapHeader {
  readonly little: boolean;
  readonly nanoseconds: boolean;
  readonly linkType: number;
}

/** A classic capture file as it comes in, in pieces of any size. */
export interface PcapReader {
  readonly kind: 'pcap';
  readonly pending: Pending;
  header: PcapHeader | null;
}

export const createPcapReader = (): PcapReader => ({
  kind: 'pcap',
  pending: createPending(),
  header: null,
});

/** True when a file that begins so is a classic capture, of either byte order. */
export function isPcap(head: Buffer): boolean {
  if (head.length < 4) return false;
  return [head.readUInt32BE(0), head.readUInt32LE(0)].some(
    (magic) => magic === MICROSECONDS || magic === NANOSECONDS,
  );
}

/** The frames that the next bytes complete. What cannot be read is named in `pending.damage`. */
export function readPcap(reader: PcapReader, chunk: Buffer): readonly Frame[] {
  const { pending } = reader;
  if (pending.damage !== null) return [];
  append(pending, chunk);
  reader.header ??= readHeader(pending);
  const frames: Frame[] = [];
  if (reader.header === null) return frames;
  const { little, nanoseconds, linkType } = reader.header;
  while (pending.bytes.length >= FRAME_HEADER_BYTES) {
    const { bytes } = pending;
    const length = readU32(bytes, 8, little);
    if (length > LIMITS.captureFrameBytesMax) {
      damageAt(pending, `a frame of ${length} bytes; what follows cannot be told apart`);
      break;
    }
    const end = FRAME_HEADER_BYTES + length;
    if (bytes.length < end) break;
    const fraction = readU32(bytes, 4, little);
    frames.push({
      atUs:
        readU32(bytes, 0, little) * 1_000_000 +
        (nanoseconds ? Math.floor(fraction / 1_000) : fraction),
      linkType,
      bytes: bytes.subarray(FRAME_HEADER_BYTES, end),
      outgoing: null,
    });
    consume(pending, end);
  }
  return frames;
}

function readHeader(pending: Pending): PcapHeader | null {
  const { bytes } = pending;
  if (bytes.length < FILE_HEADER_BYTES) return null;
  const big = bytes.readUInt32BE(0);
  const little = big !== MICROSECONDS && big !== NANOSECONDS;
  const header = {
    little,
    nanoseconds: readU32(bytes, 0, little) === NANOSECONDS,
    linkType: readU32(bytes, 20, little) & LINK_TYPE_MASK,
  };
  consume(pending, FILE_HEADER_BYTES);
  return header;
}
