import { LIMITS } from '../../core/common/limits.js';
import type { IpPacket } from './ip.js';

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

interface Datagram {
  readonly sinceUs: number;
  readonly pieces: Piece[];
  /** Bytes of the whole; null until the last fragment came. */
  length: number | null;
  cut: boolean;
}

/** Datagrams that wait for fragments, the oldest first. */
export interface Fragments {
  readonly waiting: Map<string, Datagram>;
}

export const createFragments = (): Fragments => ({ waiting: new Map() });

/** What came of a fragment; `lost`: fragments given up meanwhile. */
export interface Assembled {
  readonly packet: IpPacket | null;
  readonly lost: number;
}

const DATAGRAM_BYTES_MAX = 65_535;

/** Puts the datagram of a fragment together (RFC 791 section 3.2); null while parts are missing. */
export function assemble(state: Fragments, packet: IpPacket, atUs: number): Assembled {
  const { fragment } = packet;
  if (fragment === null) return { packet, lost: 0 };
  let lost = giveUpOld(state, atUs);
  const key = `${packet.source} ${packet.destination} ${packet.protocol} ${fragment.id}`;
  const datagram = state.waiting.get(key) ?? {
    sinceUs: atUs,
    pieces: [],
    length: null,
    cut: false,
  };
  state.waiting.set(key, datagram);
  const end = fragment.offset + packet.payload.length;
  if (datagram.pieces.length >= LIMITS.captureFragmentsMax || end > DATAGRAM_BYTES_MAX) {
    state.waiting.delete(key);
    return { packet: null, lost: lost + datagram.pieces.length + 1 };
  }
  datagram.pieces.push({ offset: fragment.offset, bytes: Buffer.from(packet.payload) });
  datagram.cut ||= packet.cut;
  if (!fragment.more) datagram.length = end;
  const payload = join(datagram);
  if (payload !== null) {
    state.waiting.delete(key);
    return { packet: { ...packet, payload, fragment: null, cut: datagram.cut }, lost };
  }
  if (state.waiting.size > LIMITS.captureDatagramsMax) lost += giveUpFirst(state);
  return { packet: null, lost };
}

/** How many fragments still wait; forgets them. */
export function giveUpAll(state: Fragments): number {
  let lost = 0;
  while (state.waiting.size > 0) lost += giveUpFirst(state);
  return lost;
}

function giveUpOld(state: Fragments, atUs: number): number {
  let lost = 0;
  for (const [, datagram] of state.waiting) {
    if (atUs - datagram.sinceUs <= LIMITS.captureFragmentSMax * 1_000_000) break;
    lost += giveUpFirst(state);
  }
  return lost;
}

function giveUpFirst(state: Fragments): number {
  const first = state.waiting.entries().next();
  if (first.done === true) return 0;
  state.waiting.delete(first.value[0]);
  return first.value[1].pieces.length;
}

/** The payload when no byte is missing. Of what came twice, what came first counts. */
function join({ pieces, length }: Datagram): Buffer | null {
  if (length === null) return null;
  const whole = Buffer.alloc(length);
  let filled = 0;
  for (const { offset, bytes } of [...pieces].sort((a, b) => a.offset - b.offset)) {
    if (offset > filled) return null;
    const fresh = bytes.subarray(filled - offset);
    if (fresh.length > 0) filled += fresh.copy(whole, filled);
  }
  return filled >= length ? whole : null;
}
