/** HEP version 3 over a stream: each packet says its length after its name. */
export interface HepFramer {
  rest: Buffer;
  /** What came is no HEP: nothing more can be read of this stream. */
  lost: boolean;
}

const HEAD_BYTES = 6;

export const createHepFramer = (): HepFramer => ({ rest: Buffer.alloc(0), lost: false });

/** The whole packets that these bytes complete. A packet is 65,535 bytes at most. */
export function takeHepPackets(framer: HepFramer, bytes: Buffer): readonly Buffer[] {
  if (framer.lost) return [];
  const all = framer.rest.length === 0 ? bytes : Buffer.concat([framer.rest, bytes]);
  const packets: Buffer[] = [];
  let at = 0;
  while (all.length - at >= HEAD_BYTES) {
    const length = all.readUInt16BE(at + 4);
    if (all.toString('latin1', at, at + 4) !== 'HEP3' || length < HEAD_BYTES) {
      framer.lost = true;
      framer.rest = Buffer.alloc(0);
      return packets;
    }
    if (all.length - at < length) break;
    packets.push(all.subarray(at, at + length));
    at += length;
  }
  framer.rest = Buffer.from(all.subarray(at));
  return packets;
}
