import { cidrOf, covers, type Cidr } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Proof } from '../../core/model/proof.js';
import type { Endpoint, Transport } from '../../core/model/transport.js';
import { parseMessage } from '../../core/sip/parse.js';
import {
  leaveOut,
  leaveOutForeign,
  type InputReport,
  type MirroredPacket,
  type RecordedPacket,
} from '../recorded.js';
import {
  createCapturedConnections,
  endConnections,
  takeTcp,
  type CapturedConnections,
  type StreamMessage,
} from './connections.js';
import { assemble, createFragments, giveUpAll, type Fragments } from './fragments.js';
import type { Frame } from './frame.js';
import { isHep, readHep } from '../hep/hep.js';
import { PROTOCOL_TCP, PROTOCOL_UDP, readIp, type IpPacket } from './ip.js';
import { foreign, type Found } from './layers.js';
import { readLink } from './link.js';
import {
  createRoundTrips,
  isAnswer,
  isOfOwnRequest,
  noteAnswer,
  noteOwnRequest,
  noteRequest,
  proveByCapture,
  type RoundTrips,
} from './round-trips.js';
import { readTcp, readUdp, type Datagram } from './segment.js';
import { readTunnel, readUdpTunnel } from './tunnel.js';

/** What must be known of the host to tell what it received from what it sent. */
export interface CaptureOptions {
  /** Ports whose packets count whatever they hold; SIP counts on every port. */
  readonly ports: ReadonlySet<number>;
  /** The host's own addresses; empty: answers are told by the requests before them. */
  readonly local: readonly Cidr[];
  /** The host is a PBX: every SIP message is given out, its answers too. Left out: no. */
  readonly mirror?: boolean;
  /**
   * Whether packets within packets are read: tunnels, HEP. Left out: yes. Where strangers can send
   * to what is captured live they would forge addresses by them.
   */
  readonly tunnels?: boolean;
}

/** What a capture gives: what the host received, or with `mirror` every SIP message. */
export type CapturedPacket = RecordedPacket | MirroredPacket;

/** Everything remembered while a capture is read; bounded. */
export interface CaptureDecoder {
  readonly options: CaptureOptions;
  readonly fragments: Fragments;
  readonly connections: CapturedConnections;
  readonly trips: RoundTrips;
  lastUs: number;
}

export const createCaptureDecoder = (options: CaptureOptions): CaptureDecoder => ({
  options,
  fragments: createFragments(),
  connections: createCapturedConnections(),
  trips: createRoundTrips(),
  lastUs: 0,
});

/** The messages that the host received with this frame, in order; what is left out is counted. */
export function decodeFrame(
  decoder: CaptureDecoder,
  frame: Frame,
  report: InputReport,
): readonly CapturedPacket[] {
  decoder.lastUs = frame.atUs;
  const link = readLink(frame.linkType, frame.bytes);
  const outgoing = link.outgoing ?? frame.outgoing;
  let { found } = link;
  for (let depth = 0; depth < LIMITS.captureLayersMax; depth += 1) {
    if (found.kind === 'foreign') return skipForeign(report, found.name);
    const part = readIp(found.bytes);
    if (part === null) return skipForeign(report, 'IP, damaged');
    const { packet: ip, lost } = assemble(decoder.fragments, part, frame.atUs);
    if (lost > 0) leaveOut(report, 'lost_fragments', lost);
    if (ip === null) return [];
    if (ip.protocol === PROTOCOL_TCP) return decodeTcp(decoder, { ...frame, outgoing }, ip, report);
    const datagram = ip.protocol === PROTOCOL_UDP ? readUdp(ip.payload) : null;
    if (ip.protocol === PROTOCOL_UDP && datagram === null) {
      return ip.cut ? skip(report, 'cut_short') : skipForeign(report, 'UDP, damaged');
    }
    const within = readWithin(decoder.options, ip, datagram);
    if (within !== null) {
      found = within;
    } else if (datagram !== null) {
      if (ip.cut) return skip(report, 'cut_short');
      return decodeUdp(decoder, { ...frame, outgoing }, ip, datagram, report);
    }
  }
  return skipForeign(report, 'nested too deep');
}

/** The packet within this one, or its name; null: it is an ordinary datagram. */
function readWithin(
  { tunnels = true }: CaptureOptions,
  ip: IpPacket,
  datagram: Datagram | null,
): Found | null {
  if (datagram !== null) return tunnels ? readUdpTunnel(datagram) : null;
  const found = readTunnel(ip);
  return tunnels || found.kind === 'foreign' ? found : foreign('tunnels, which are not opened');
}

/** The end of the capture: messages that stood behind a gap, at the time of its last frame. */
export function endDecoder(
  decoder: CaptureDecoder,
  report: InputReport,
): readonly CapturedPacket[] {
  const lost = giveUpAll(decoder.fragments);
  if (lost > 0) leaveOut(report, 'lost_fragments', lost);
  const messages = endConnections(decoder.connections, report);
  return takeStream(decoder, messages, { atUs: decoder.lastUs, outgoing: null }, report);
}

function decodeUdp(
  decoder: CaptureDecoder,
  { atUs, outgoing }: Frame,
  ip: IpPacket,
  datagram: Datagram,
  report: InputReport,
): readonly CapturedPacket[] {
  const source = { address: ip.source, port: datagram.sourcePort };
  const local = { address: ip.destination, port: datagram.destinationPort };
  if (decoder.options.tunnels !== false && isHep(datagram.payload)) {
    const hep = readHep(datagram.payload);
    if (typeof hep === 'string') return skip(report, 'hep');
    // Whoever sent the HEP packet only tells of the message.
    const by = { hep: true, outgoing: null } as const;
    return receive(decoder, { ...hep, ...by, local: hep.destination, atUs }, report);
  }
  // The frame is a view of the whole chunk that was read: only the message is kept.
  const bytes = Buffer.from(datagram.payload);
  return receive(decoder, { transport: 'udp', source, local, bytes, atUs, outgoing }, report);
}

function decodeTcp(
  decoder: CaptureDecoder,
  frame: Frame,
  ip: IpPacket,
  report: InputReport,
): readonly CapturedPacket[] {
  // What is missing of a cut segment is a gap in its stream.
  if (ip.cut) leaveOut(report, 'cut_short');
  const segment = readTcp(ip.payload);
  if (segment === null) return ip.cut ? [] : skipForeign(report, 'TCP, damaged');
  const source = { address: ip.source, port: segment.sourcePort };
  const destination = { address: ip.destination, port: segment.destinationPort };
  const { connections, options } = decoder;
  const messages = takeTcp(connections, { source, destination, segment }, options.ports, report);
  return takeStream(decoder, messages, frame, report);
}

function takeStream(
  decoder: CaptureDecoder,
  messages: readonly StreamMessage[],
  { atUs, outgoing }: Pick<Frame, 'atUs' | 'outgoing'>,
  report: InputReport,
): readonly CapturedPacket[] {
  return messages.flatMap(({ source, destination: local, proven, webSocket, bytes }) => {
    const transport = webSocket ? 'ws' : 'tcp';
    const proof = proven ? 'tcp' : 'none';
    return receive(decoder, { transport, source, local, bytes, atUs, outgoing, proof }, report);
  });
}

/** A message, as far as the capture tells of it. */
interface Arrival {
  readonly atUs: number;
  readonly transport: Transport;
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly bytes: Buffer;
  readonly outgoing: boolean | null;
  /** Of a stream's handshake. */
  readonly proof?: Proof;
  /** A HEP packet told of it. */
  readonly hep?: true;
}

/** Tells what the host received from strangers from what it sent, and from what it asked for. */
function receive(
  { options, trips }: CaptureDecoder,
  { atUs, transport, source, local, bytes, outgoing, proof: streamProof = 'none', hep }: Arrival,
  report: InputReport,
): readonly CapturedPacket[] {
  const message = parseMessage(bytes);
  if (message.kind === 'other' && !options.ports.has(local.port)) return skip(report, 'not_sip');
  if (options.mirror === true) {
    if (message.kind === 'other') return skip(report, 'not_sip');
    const packet = { receivedAtUs: atUs, transport, source, local, bytes };
    return [{ packet, mirror: hep === true ? 'hep' : 'capture' }];
  }
  if (isSentByHost(options, outgoing, source, local)) {
    if (message.kind === 'response') noteAnswer(trips, message, source, local);
    if (message.kind === 'request') noteOwnRequest(trips, message);
    return skip(report, 'outgoing');
  }
  if (isOfOwnRequest(trips, message)) return skip(report, 'own_requests');
  const carrier = transport === 'udp' ? 'udp' : 'tcp';
  if (message.kind === 'response' && isAnswer(trips, carrier, source, local)) {
    noteAnswer(trips, message, source, local);
    return skip(report, 'answers');
  }
  if (message.kind === 'request') noteRequest(trips, carrier, source, local);
  const proof =
    streamProof === 'none' ? proveByCapture(trips, message, source, local) : streamProof;
  return [{ packet: { receivedAtUs: atUs, transport, source, local, bytes }, proof }];
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

function skipForeign(report: InputReport, name: string): readonly CapturedPacket[] {
  leaveOutForeign(report, name);
  return [];
}

function skip(report: InputReport, why: Parameters<typeof leaveOut>[1]): readonly CapturedPacket[] {
  leaveOut(report, why);
  return [];
}
