import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Packet } from '../../src/core/model/transport.js';
import { openTrap } from '../../src/trap/open.js';
import type { Trap, TrapOptions } from '../../src/trap/options.js';

/** A trap on a port of the system's choice that keeps what it is given. */
export interface TestTrap {
  readonly trap: Trap;
  readonly port: number;
  readonly packets: Packet[];
  readonly notices: string[];
  /** The time that the trap reads; a test moves it. */
  clock: { nowUs: number };
  /** Resolves when so many packets came in all. */
  received(count: number): Promise<void>;
}

export async function openTestTrap(
  changes: Partial<TrapOptions> = {},
  answer: (packet: Packet) => Buffer | null = () => null,
): Promise<TestTrap> {
  const packets: Packet[] = [];
  const notices: string[] = [];
  const clock = { nowUs: 1_000_000 };
  let wanted: { count: number; resolve: () => void } | null = null;
  const trap = await openTrap({
    addresses: ['127.0.0.1'],
    port: 0,
    transports: ['udp', 'tcp'],
    nowUs: () => clock.nowUs,
    onNotice: (text) => notices.push(text),
    onPacket: (packet, reply) => {
      packets.push(packet);
      const bytes = answer(packet);
      if (bytes !== null) reply(bytes);
      if (wanted !== null && packets.length >= wanted.count) wanted.resolve();
    },
    ...changes,
  });
  const received = (count: number): Promise<void> =>
    new Promise((resolve) => {
      if (packets.length >= count) resolve();
      else wanted = { count, resolve };
    });
  return { trap, port: trap.listening[0]?.port ?? 0, packets, notices, clock, received };
}

export async function openPeer(port: number, address = '127.0.0.1'): Promise<UdpSocket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => {
    socket.connect(port, address, resolve);
  });
  return socket;
}

export function sendTo(socket: UdpSocket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(bytes, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

export async function connectTo(port: number, address = '127.0.0.1'): Promise<Socket> {
  const socket = connect(port, address);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** All that a peer is sent until the trap closes its connection. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}
