import { timingSafeEqual } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { canonicalAddress, cidrOf, covers, type Cidr } from '../../core/common/address.js';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { endpointText, type Endpoint, type Packet } from '../../core/model/transport.js';
import { createHepFramer, takeHepPackets } from '../../records/hep/framing.js';
import { readHep } from '../../records/hep/hep.js';

export interface HepInOptions {
  /** Where HEP is awaited, over UDP and TCP alike. Port 0: any that is free. */
  readonly listen: Endpoint;
  /** What every packet must come with; null: nothing is asked for. */
  readonly key: string | null;
  /** Who may send. */
  readonly senders: readonly Cidr[];
  readonly nowUs: () => number;
  readonly take: (packet: Packet) => void;
}

/** What came, since the start. */
export interface HepCounts {
  taken: number;
  /** Of other senders than those that may send. */
  foreign: number;
  wrongKey: number;
  damaged: number;
  /** Other payloads than SIP. */
  notSip: number;
}

export interface HepIn {
  readonly listening: Endpoint;
  readonly counts: HepCounts;
  readonly close: () => Promise<void>;
}

/** Listens for HEP. Rejects with SENSOR_UNAVAILABLE when the address or port cannot be had. */
export async function openHepIn(options: HepInOptions): Promise<HepIn> {
  const counts: HepCounts = { taken: 0, foreign: 0, wrongKey: 0, damaged: 0, notSip: 0 };
  const receive = createReceiver(options, counts);
  try {
    const udp = await openUdp(options, receive);
    const listening = { address: options.listen.address, port: udp.address().port };
    try {
      const tcp = await openTcp(options, listening, receive);
      return {
        listening,
        counts,
        close: async () => {
          for (const socket of tcp.sockets) socket.destroy();
          udp.close();
          tcp.server.close();
          await Promise.all([once(udp, 'close'), once(tcp.server, 'close')]);
        },
      };
    } catch (error) {
      udp.close();
      throw error;
    }
  } catch (error) {
    throw new AgentError(
      'SENSOR_UNAVAILABLE',
      `HEP cannot be received on ${endpointText(options.listen)}: ${messageOf(error)}`,
      'set another address or port as listen in [hep], or end the program that has it',
      error,
    );
  }
}

interface Receiver {
  readonly mayCome: (address: string) => boolean;
  readonly packet: (bytes: Buffer) => void;
}

function createReceiver(options: HepInOptions, counts: HepCounts): Receiver {
  const { key, senders, take, nowUs } = options;
  return {
    mayCome: (address) => {
      const cidr = cidrOf(canonicalAddress(address) ?? '', null);
      const may = cidr !== null && senders.some((each) => covers(each, cidr));
      if (!may) counts.foreign += 1;
      return may;
    },
    packet: (bytes) => {
      const read = readHep(bytes);
      if (read === 'damaged') counts.damaged += 1;
      else if (read === 'not_sip') counts.notSip += 1;
      else if (key !== null && !isSame(key, read.key ?? '')) counts.wrongKey += 1;
      else {
        counts.taken += 1;
        const { transport, source, destination: local, bytes: message } = read;
        take({ receivedAtUs: nowUs(), transport, source, local, bytes: message });
      }
    },
  };
}

function isSame(wanted: string, given: string): boolean {
  const [a, b] = [Buffer.from(wanted, 'utf8'), Buffer.from(given, 'latin1')];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function openUdp({ listen }: HepInOptions, receive: Receiver): Promise<UdpSocket> {
  const family = listen.address.includes(':') ? 'udp6' : 'udp4';
  const socket = createSocket({ type: family, recvBufferSize: LIMITS.udpReceiveBufferBytes });
  socket.on('message', (bytes, from) => {
    if (receive.mayCome(from.address)) receive.packet(bytes);
  });
  socket.bind(listen.port, listen.address);
  await once(socket, 'listening');
  // Of a datagram socket that is bound: ICMP errors, which say nothing here.
  socket.on('error', () => undefined);
  return socket;
}

async function openTcp(
  { listen }: HepInOptions,
  { port }: Endpoint,
  receive: Receiver,
): Promise<{ readonly server: Server; readonly sockets: ReadonlySet<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (!receive.mayCome(socket.remoteAddress ?? '')) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    readStream(socket, receive);
  });
  server.maxConnections = LIMITS.hepConnectionsMax;
  server.listen({ host: listen.address, port, ipv6Only: false });
  await once(server, 'listening');
  return { server, sockets };
}

/** A stream that is no HEP, or that stops in the middle of a packet, is ended. */
function readStream(socket: Socket, receive: Receiver): void {
  const framer = createHepFramer();
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => {
    for (const packet of takeHepPackets(framer, bytes)) receive.packet(packet);
    if (framer.lost) socket.destroy();
    socket.setTimeout(framer.rest.length > 0 ? LIMITS.hepPacketMsMax : 0);
  });
  socket.on('timeout', () => {
    socket.destroy();
  });
}
