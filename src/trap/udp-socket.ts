import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram';
import { LIMITS } from '../core/common/limits.js';
import type { Packet } from '../core/model/transport.js';
import { codeOf, toBindError } from './bind-error.js';
import { toEndpoint } from './endpoint.js';
import type { Listening, TrapContext } from './options.js';

export interface UdpPlace {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

export interface UdpSocket {
  readonly listening: Listening;
  readonly close: () => Promise<void>;
}

/** `shared`: others of ours have the port too. `localOf`: the local address where it is not fixed. */
export interface UdpRole {
  readonly shared: boolean;
  readonly localOf: ((source: string) => string) | null;
}

/** Opens one UDP socket. Rejects with PORT_IN_USE, PORT_DENIED or ADDRESS_UNAVAILABLE. */
export async function openUdpSocket(
  context: TrapContext,
  { address, port, family }: UdpPlace,
  { shared, localOf }: UdpRole,
): Promise<UdpSocket> {
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    reuseAddr: shared,
    recvBufferSize: LIMITS.udpReceiveBufferBytes,
    lookup: numericLookup(family),
  });
  await bind(socket, { transport: 'udp', address, port });
  const bound = socket.address();
  const local = toEndpoint(bound.address, bound.port);
  tellBuffer(socket, context);
  const outbox = createOutbox(socket, context);
  const inbox = createInbox((packet, from) => {
    context.options.onPacket(packet, (answer) => {
      outbox.put(answer, from.address, from.port);
    });
  }, outbox.send);
  socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
    context.counts.received.udp += 1;
    const source = toEndpoint(from.address, from.port);
    const packet: Packet = {
      receivedAtUs: context.options.nowUs(),
      transport: 'udp',
      source,
      local: localOf === null ? local : { address: localOf(source.address), port: local.port },
      bytes: asMade(bytes),
    };
    inbox.put(packet, from);
  });
  socket.on('error', (error) => {
    context.counts.socketErrors += 1;
    context.notice('udp', `UDP socket on ${address}: ${codeOf(error) ?? error.message}`);
  });
  return {
    listening: { transport: 'udp', ...local },
    close: () =>
      new Promise((resolve) => {
        inbox.handle();
        socket.close(() => {
          resolve();
        });
      }),
  };
}

/**
 * The same bytes as a Buffer that JavaScript made. V8 tells those that Node's native code makes from
 * them: the first message of a stream would throw away the compiled parser, in a crowd of all moments.
 */
const asMade = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function bind(socket: Socket, wanted: Listening): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      socket.close();
      reject(toBindError(wanted, error));
    };
    socket.once('error', refuse);
    socket.bind({ address: wanted.address, port: wanted.port, exclusive: true }, () => {
      socket.off('error', refuse);
      resolve();
    });
  });
}

/** Addresses are numbers already: asking a resolver would cost a turn of the loop each time. */
function numericLookup(family: 4 | 6): NonNullable<SocketOptions['lookup']> {
  return (host, _options, callback) => {
    callback(null, host, family);
  };
}

function tellBuffer(socket: Socket, context: TrapContext): void {
  // Linux doubles what was asked for, and cuts it to rmem_max without a word.
  const bytes = socket.getRecvBufferSize() / 2;
  if (bytes >= LIMITS.udpReceiveBufferBytes) return;
  const wanted = LIMITS.udpReceiveBufferBytes;
  context.notice(
    'rmem_max',
    `the kernel caps the UDP receive buffer at ${Math.floor(bytes / 1024)} KiB, so that a burst ` +
      `may lose packets: \`sysctl -w net.core.rmem_max=${wanted}\` gives it ${wanted / 1024} KiB`,
  );
}

interface Inbox {
  put(packet: Packet, from: RemoteInfo): void;
  /** Handles what was put in. */
  handle(): void;
}

/**
 * Datagrams wait until those that have come already are read (Node reads up to 32 of them one after
 * another), and are handled in a row: between two calls of the kernel the processor would have to
 * find this program's memory anew.
 */
function createInbox(
  onPacket: (packet: Packet, from: RemoteInfo) => void,
  onHandled: () => void,
): Inbox {
  let waiting: { packet: Packet; from: RemoteInfo }[] = [];
  const handle = (): void => {
    const packets = waiting;
    waiting = [];
    try {
      for (const { packet, from } of packets) onPacket(packet, from);
    } finally {
      onHandled();
    }
  };
  return {
    put: (packet, from) => {
      if (waiting.length === 0) setImmediate(handle);
      waiting.push({ packet, from });
    },
    handle,
  };
}

interface Outbox {
  put(answer: Buffer, address: string, port: number): void;
  /** Sends what was put in. */
  readonly send: () => void;
}

/**
 * Answers wait until the packets before them are handled: one after another they wake a peer on this
 * host, or its interface, once and not once each, which halves what sending costs.
 */
function createOutbox(socket: Socket, context: TrapContext): Outbox {
  let waiting: { answer: Buffer; address: string; port: number }[] = [];
  let bytes = 0;
  const onSent = (error: Error | null): void => {
    if (error !== null) countSendError(context, error);
  };
  const send = (): void => {
    const answers = waiting;
    waiting = [];
    bytes = 0;
    for (const { answer, address, port } of answers) {
      try {
        socket.send(answer, port, address, onSent);
      } catch (error) {
        // Node throws for a socket that was closed meanwhile, and for an answer beyond 64 KiB.
        countSendError(context, error);
      }
    }
  };
  return {
    put: (answer, address, port) => {
      if (port === 0) {
        // A forged source: nothing can be sent there, and Node would throw.
        context.counts.sendErrors += 1;
        return;
      }
      if (sendQueueSize(socket) + bytes > LIMITS.udpSendQueueBytesMax) {
        context.counts.repliesDropped += 1;
        return;
      }
      waiting.push({ answer, address, port });
      bytes += answer.length;
    },
    send,
  };
}

/** Bytes that the kernel has not taken yet; 0 for a socket that was closed meanwhile. */
function sendQueueSize(socket: Socket): number {
  try {
    return socket.getSendQueueSize();
  } catch {
    return 0;
  }
}

function countSendError(context: TrapContext, error: unknown): void {
  context.counts.sendErrors += 1;
  const why = codeOf(error) ?? String(error);
  context.notice('send', `an answer could not be sent: ${why}`);
}
