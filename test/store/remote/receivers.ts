import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** What a receiver of log lines has got so far. */
export interface Receiver {
  readonly port: number;
  readonly connections: () => number;
  /** All bytes, in the order in which they came. */
  readonly text: () => string;
  /** Breaks every connection that is open. */
  readonly breakAll: () => void;
  readonly close: () => Promise<void>;
}

interface StreamOptions {
  readonly port?: number;
  readonly path?: string;
  readonly tls?: TlsOptions;
  /** false: connections are taken and never read. */
  readonly reads?: boolean;
}

export async function receiveStream(options: StreamOptions = {}): Promise<Receiver> {
  const { port = 0, path, tls, reads = true } = options;
  const open = new Set<Socket>();
  const got: Buffer[] = [];
  let connections = 0;
  const onSocket = (socket: Socket): void => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    if (reads) socket.on('data', (bytes: Buffer) => got.push(bytes));
  };
  const server: Server =
    tls === undefined ? createServer(onSocket) : createTlsServer(tls, onSocket);
  if (path === undefined) server.listen(port, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  const address = server.address();
  const breakAll = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    connections: () => connections,
    text: () => Buffer.concat(got).toString('latin1'),
    breakAll,
    close: async () => {
      server.close();
      breakAll();
      await once(server, 'close');
    },
  };
}

/** Datagrams, a line each. */
export async function receiveDatagrams(port = 0): Promise<Receiver> {
  const socket = createSocket('udp4');
  const got: string[] = [];
  socket.on('message', (bytes) => got.push(bytes.toString('latin1')));
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    connections: () => 0,
    text: () => got.join('\n'),
    breakAll: () => undefined,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** The messages of a stream that counts octets (RFC 6587, 3.4.1); a broken count throws. */
export function readFrames(text: string): string[] {
  const messages: string[] = [];
  for (let at = 0; at < text.length;) {
    const match = /^(\d{1,5}) /.exec(text.slice(at, at + 6));
    if (match === null) throw new Error(`no count at ${at}: ${text.slice(at, at + 20)}`);
    const begin = at + match[0].length;
    at = begin + Number(match[1]);
    if (at <= text.length) messages.push(text.slice(begin, at));
  }
  return messages;
}
