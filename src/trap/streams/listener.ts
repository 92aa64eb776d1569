import { createServer, isIP, type Server, type Socket } from 'node:net';
import { codeOf, toBindError } from '../bind-error.js';
import { acceptConnection, type Connections } from './connections.js';
import { toEndpoint } from '../endpoint.js';
import type { Listening, StreamTransport, TrapContext, TrapSocket } from '../options.js';
import type { Connection } from './connection.js';

/** Where a listening socket of a stream transport shall be. */
export interface StreamPlace {
  readonly transport: StreamTransport;
  readonly address: string;
  readonly port: number;
}

/**
 * Opens one listening TCP socket and calls `onConnection` for each connection that the limits admit.
 * Rejects with PORT_IN_USE, PORT_DENIED or ADDRESS_UNAVAILABLE. The limits hold over all sockets of
 * a trap, which therefore share `connections`.
 */
export async function openListener(
  context: TrapContext,
  connections: Connections,
  place: StreamPlace,
  onConnection: (connection: Connection) => void,
): Promise<TrapSocket> {
  const server = createServer({ noDelay: true, keepAlive: false, allowHalfOpen: false });
  await listen(server, place);
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has an address');
  const local = toEndpoint(bound.address, bound.port);
  const mine = new Set<Socket>();
  server.on('connection', (socket) => {
    const connection = acceptConnection(context, connections, place.transport, socket, local);
    if (connection === null) return;
    mine.add(socket);
    socket.once('close', () => mine.delete(socket));
    onConnection(connection);
  });
  server.on('error', (error) => {
    // For want of descriptors libuv closes new connections without a word to us: the limit on
    // connections is set so that it does not come to that (descriptors.ts).
    context.counts.connectionsRefused += 1;
    const why = codeOf(error) ?? error.message;
    context.notice('accept', `a TCP connection could not be accepted: ${why}`);
  });
  const closed = new Promise<void>((resolve) => {
    server.once('close', resolve);
  });
  let accepting = true;
  const stopAccepting = (): void => {
    if (accepting) server.close();
    accepting = false;
  };
  return {
    listening: { transport: place.transport, ...local },
    stopAccepting,
    close: async () => {
      stopAccepting();
      // The server counts as closed before its sockets have said so, and they may hold a message.
      const ends = [...mine].map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.once('close', () => {
              resolve();
            });
          }),
      );
      for (const socket of mine) socket.destroy();
      await Promise.all([closed, ...ends]);
    },
  };
}

const BACKLOG_CONNECTIONS = 1_024;

function listen(server: Server, wanted: Listening): Promise<void> {
  const { address, port } = wanted;
  const ipv6Only = isIP(address.split('%', 1)[0] ?? '') === 6;
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      reject(toBindError(wanted, error));
    };
    server.once('error', refuse);
    const backlog = BACKLOG_CONNECTIONS;
    server.listen({ host: address, port, ipv6Only, backlog, exclusive: true }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}
