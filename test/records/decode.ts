import { parseCidr } from '../../src/core/common/address.js';
import { createInputDecoder, decodeChunk, endInput } from '../../src/records/decode-input.js';
import {
  createInputReport,
  type InputReport,
  type Recorded,
  type RecordedPacket,
} from '../../src/records/recorded.js';

export interface Decoded {
  readonly messages: readonly RecordedPacket[];
  readonly report: InputReport;
}

/** Decodes a whole input, in pieces of `pieceBytes`. */
export function decodeAll(
  input: Buffer,
  {
    local = [],
    pieceBytes = 65_536,
    timeZone = 'UTC',
  }: { local?: readonly string[]; pieceBytes?: number; timeZone?: string } = {},
): Decoded {
  const report = createInputReport('test');
  const own = local.map((text) => {
    const cidr = parseCidr(text);
    if (cidr === null) throw new Error(text);
    return cidr;
  });
  const decoder = createInputDecoder(report, { ports: new Set([5060]), local: own, timeZone });
  const messages: RecordedPacket[] = [];
  const keep = (all: readonly Recorded[]): void => {
    for (const each of all) if ('proof' in each) messages.push(each);
  };
  for (let at = 0; at < input.length; at += pieceBytes) {
    keep(decodeChunk(decoder, input.subarray(at, at + pieceBytes)));
  }
  keep(endInput(decoder));
  return { messages, report };
}

/** One line a message: time, transport, source, local, proof and first line. */
export const linesOf = ({ messages }: Decoded): readonly string[] =>
  messages.map(({ packet, proof }) => {
    const { receivedAtUs, transport, source, local, bytes } = packet;
    const first = bytes.toString('latin1').split('\r\n')[0] ?? '';
    return `${receivedAtUs} ${transport} ${source.address} ${source.port} ${local.address} ${local.port} ${proof} ${first}`;
  });
