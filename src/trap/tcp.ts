import { createServer, isIP, type Server, type Socket } from 'node:net';
import { codeOf, toBindError } from './bind-error.js';
import { acceptConnection, type Connections } from './tcp-connection.js';
import { toEndpoint } from './endpoint.js';
import type { Listening, TrapContext, TrapSocket } from './options.js';

/**
 * Opens one TCP socket. Rejects with PORT_IN_USE, PORT_DENIED or ADDRESS_UNAVAILABLE. The limits on
 * connections hold over all sockets of a trap, which therefore share `connections`.
 */
export async function openTcp(
  context: TrapContext,
  connections: Connections,
  address: string,
  port: number,
): Promise<TrapSocket> {
  const server = createServer({ noDelay: true, keepAlive: false, allowHalfOpen: false });
  await listen(server, { transport: 'tcp', address, port });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has an address');
  const local = toEndpoint(bound.address, bound.port);
  const mine = new Set<Socket>();
  server.on('connection', (socket) => {
    if (!acceptConnection(context, connections, socket, local)) return;
    mine.add(socket);
    socket.once('close', () => mine.delete(socket));
  });
  server.on('error', (error) => {
    // Accepting failed. For want of descriptors libuv mostly closes such a connection by itself,
    // without a word to us, so that those are not counted here.
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
    listening: { transport: 'tcp', ...local },
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
