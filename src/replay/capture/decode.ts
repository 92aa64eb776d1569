import { cidrOf, covers, type Cidr } from '../../core/model/address.js';
import type { Endpoint } from '../../core/model/transport.js';
import { parseMessage } from '../../core/sip/parse.js';
import { leaveOut, type Ledger, type RecordedPacket } from '../recorded.js';
import {
  createConnections,
  endConnections,
  takeTcp,
  type Connections,
  type StreamMessage,
} from './connections.js';
import { assemble, createFragments, giveUpAll, type Fragments } from './fragments.js';
import type { Frame } from './frame.js';
import { PROTOCOL_TCP, PROTOCOL_UDP, readIp, type IpPacket } from './ip.js';
import { readLink } from './link.js';
import {
  createRoundTrips,
  isAnswer,
  noteAnswer,
  noteRequest,
  proveByCapture,
  type RoundTrips,
} from './round-trips.js';
import { readTcp, readUdp } from './segment.js';

/** What must be known of the host to tell what it received from what it sent. */
export interface CaptureOptions {
  /** Ports whose packets count whatever they hold; SIP counts on every port. */
  readonly ports: ReadonlySet<number>;
  /** The host's own addresses; empty: answers are told by the requests before them. */
  readonly local: readonly Cidr[];
}

/** Everything remembered while a capture is read; bounded. */
export interface CaptureDecoder {
  readonly options: CaptureOptions;
  readonly fragments: Fragments;
  readonly connections: Connections;
  readonly trips: RoundTrips;
  lastUs: number;
}

export const createCaptureDecoder = (options: CaptureOptions): CaptureDecoder => ({
  options,
  fragments: createFragments(),
  connections: createConnections(),
  trips: createRoundTrips(),
  lastUs: 0,
});

/** The messages that the host received with this frame, in order; what is left out is counted. */
export function decodeFrame(
  decoder: CaptureDecoder,
  frame: Frame,
  ledger: Ledger,
): readonly RecordedPacket[] {
  decoder.lastUs = frame.atUs;
  const link = readLink(frame.linkType, frame.bytes);
  const part = link === null ? null : readIp(link.ip);
  if (link === null || part === null) return skip(ledger, 'not_udp_or_tcp');
  const { packet: ip, lost } = assemble(decoder.fragments, part, frame.atUs);
  if (lost > 0) leaveOut(ledger, 'lost_fragments', lost);
  if (ip === null) return [];
  if (ip.cut) return skip(ledger, 'cut_short');
  switch (ip.protocol) {
    case PROTOCOL_UDP:
      return decodeUdp(
        decoder,
        { ...frame, outgoing: link.outgoing ?? frame.outgoing },
        ip,
        ledger,
      );
    case PROTOCOL_TCP:
      return decodeTcp(decoder, frame, ip, ledger);
    default:
      return skip(ledger, 'not_udp_or_tcp');
  }
}

/** The end of the capture: messages that stood behind a gap, at the time of its last frame. */
export function endDecoder(decoder: CaptureDecoder, ledger: Ledger): readonly RecordedPacket[] {
  const lost = giveUpAll(decoder.fragments);
  if (lost > 0) leaveOut(ledger, 'lost_fragments', lost);
  const messages = endConnections(decoder.connections, ledger);
  return toRecorded(decoder.options, messages, decoder.lastUs, ledger);
}

function decodeUdp(
  { options, trips }: CaptureDecoder,
  frame: Frame,
  ip: IpPacket,
  ledger: Ledger,
): readonly RecordedPacket[] {
  const datagram = readUdp(ip.payload);
  if (datagram === null) return skip(ledger, 'not_udp_or_tcp');
  const source = { address: ip.source, port: datagram.sourcePort };
  const local = { address: ip.destination, port: datagram.destinationPort };
  // The frame is a view of the whole chunk that was read: only the message is kept.
  const bytes = Buffer.from(datagram.payload);
  const message = parseMessage(bytes);
  if (message.kind === 'other' && !options.ports.has(local.port)) return skip(ledger, 'not_sip');
  if (isSentByHost(options, frame.outgoing, source, local)) {
    if (message.kind === 'response') noteAnswer(trips, message, source, local);
    return skip(ledger, 'outgoing');
  }
  if (message.kind === 'response' && isAnswer(trips, source, local)) {
    noteAnswer(trips, message, source, local);
    return skip(ledger, 'answers');
  }
  if (message.kind === 'request') noteRequest(trips, source, local);
  const proof = proveByCapture(trips, message, source, local);
  const packet = { receivedAtUs: frame.atUs, transport: 'udp', source, local, bytes } as const;
  return [{ packet, proof }];
}

function decodeTcp(
  { options, connections }: CaptureDecoder,
  frame: Frame,
  ip: IpPacket,
  ledger: Ledger,
): readonly RecordedPacket[] {
  const segment = readTcp(ip.payload);
  if (segment === null) return skip(ledger, 'not_udp_or_tcp');
  const source = { address: ip.source, port: segment.sourcePort };
  const destination = { address: ip.destination, port: segment.destinationPort };
  const messages = takeTcp(connections, { source, destination, segment }, options.ports, ledger);
  return toRecorded(options, messages, frame.atUs, ledger);
}

function toRecorded(
  options: CaptureOptions,
  messages: readonly StreamMessage[],
  receivedAtUs: number,
  ledger: Ledger,
): readonly RecordedPacket[] {
  const ours = messages.filter(({ client, server }) => {
    // Who began a connection is known, whatever the capture says of the one frame.
    const sent = isSentByHost(options, null, client, server);
    if (sent) leaveOut(ledger, 'outgoing');
    return !sent;
  });
  return ours.map(({ client: source, server: local, proven, bytes }) => ({
    packet: { receivedAtUs, transport: 'tcp', source, local, bytes },
    proof: proven ? 'tcp' : 'none',
  }));
}

/** By the host's own addresses where they are given, else by what the capture says. */
function isSentByHost(
  { local }: CaptureOptions,
  outgoing: boolean | null,
  source: Endpoint,
  destination: Endpoint,
): boolean {
  if (local.length === 0) return outgoing === true;
  const isOwn = ({ address }: Endpoint): boolean => {
    const cidr = cidrOf(address, null);
    return cidr !== null && local.some((own) => covers(own, cidr));
  };
  return isOwn(source) && !isOwn(destination);
}

function skip(ledger: Ledger, why: Parameters<typeof leaveOut>[1]): readonly RecordedPacket[] {
  leaveOut(ledger, why);
  return [];
}
