import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { LIMITS } from '../../core/common/limits.js';
import { deliverFailed, holdPending, openConnection, type Connections } from './connections.js';
import type { TrapContext } from '../options.js';
import type { Connection } from './connection.js';

/** Takes a connection, or the TLS stream above it, through the handshake of RFC 6455. */
export interface WebSocketGate {
  admit(connection: Connection, stream: Socket, onOpen: (webSocket: WebSocket) => void): void;
}

interface Visitor {
  readonly connection: Connection;
  readonly stream: Socket;
  /** The request as it came. */
  readonly head: Buffer;
  readonly onOpen: (webSocket: WebSocket) => void;
}

const HTTP_EVENTS = ['request', 'checkContinue', 'checkExpectation', 'connect'] as const;

/**
 * What FreeSWITCH, whose default ports these are, says to all that is no WebSocket: the error branch
 * of ws_handshake() in sofia-sip, libsofia-sip-ua/tport/ws.c, letter by letter. No body, no length.
 */
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\n\r\n';

export function createWebSocketGate(context: TrapContext, connections: Connections): WebSocketGate {
  const visitors = new WeakMap<Duplex, Visitor>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: LIMITS.streamMessageBytesMax,
    // RFC 7118 section 4.1 names `sip`. A client that names none is let in, as FreeSWITCH does.
    handleProtocols: (names) => (names.has('sip') ? 'sip' : false),
  });
  const http = createServer({
    maxHeaderSize: LIMITS.streamHeadBytesMax,
    // Else Node answers by itself, and we never learn of the request.
    requireHostHeader: false,
  });
  http.on('upgrade', (request: IncomingMessage, stream, rest) => {
    const visitor = visitors.get(stream);
    if (visitor === undefined) return;
    if (!isWebSocket(request)) {
      turnSocketAway(stream);
      return;
    }
    // A browser names the page always, other clients hardly ever (RFC 6455 section 4.1).
    visitor.connection.webPage = request.headers.origin !== undefined;
    let opened = false;
    server.handleUpgrade(request, stream, rest, (webSocket) => {
      opened = true;
      openConnection(context, visitor.connection);
      visitor.onOpen(webSocket);
    });
    // The package has answered what it does not take.
    // The linter cannot see that the callback has run by now.
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
    if (!opened) deliverFailed(context, visitor.connection, visitor.head);
  });
  const turnSocketAway = (stream: Duplex): void => {
    const visitor = visitors.get(stream);
    // Once: what else is pipelined behind it gets no further answer.
    if (visitors.delete(stream) && visitor !== undefined) turnAway(context, visitor);
  };
  // Without a listener Node answers some of these by itself.
  for (const name of HTTP_EVENTS) {
    http.on(name, (request: IncomingMessage) => {
      turnSocketAway(request.socket);
    });
  }
  http.on('clientError', (_error, stream) => {
    turnSocketAway(stream);
  });
  return {
    admit: (connection, stream, onOpen) => {
      readHead(context, connections, connection, stream, (head, isHttp) => {
        const visitor = { connection, stream, head, onOpen };
        if (!isHttp) {
          turnAway(context, visitor);
          return;
        }
        visitors.set(stream, visitor);
        connection.takeRest = () => head;
        stream.unshift(head);
        http.emit('connection', stream);
        // A listener alone does not wake a stream that was paused by hand.
        stream.resume();
      });
    },
  };
}

function turnAway(context: TrapContext, { connection, stream, head }: Visitor): void {
  deliverFailed(context, connection, head);
  // A peer that does not read this is cut off by the sweep.
  stream.end(BAD_REQUEST, () => connection.socket.destroy());
}

const isWebSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

/**
 * Gathers the head of an HTTP request, paused when it is whole; or what came, as soon as that is
 * seen to be something else or too long.
 */
function readHead(
  context: TrapContext,
  connections: Connections,
  connection: Connection,
  stream: Socket,
  onHead: (head: Buffer, isHttp: boolean) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  connection.takeRest = () => (length === 0 ? null : Buffer.concat(chunks));
  const take = (chunk: Buffer): void => {
    chunks.push(chunk);
    length += chunk.length;
    connection.lastByteAtUs = context.options.nowUs();
    holdPending(context, connections, connection, length);
    const seen = judge(chunks, chunk);
    if (seen === 'unfinished' && length <= LIMITS.streamHeadBytesMax) return;
    stream.off('data', take);
    stream.pause();
    holdPending(context, connections, connection, 0);
    const head = Buffer.concat(chunks);
    onHead(head, seen === 'http');
  };
  stream.on('data', take);
}

/** Looks at the newest bytes only, and a few before them, so that one byte a packet costs little. */
function judge(chunks: Buffer[], chunk: Buffer): 'http' | 'foreign' | 'unfinished' {
  const first = chunks[0]?.[0] ?? 0;
  // A method is written in capitals.
  if (first < 65 || first > 90) return 'foreign';
  let tail = chunk;
  for (let at = chunks.length - 2; at >= 0 && tail.length < chunk.length + 3; at -= 1) {
    tail = Buffer.concat([chunks[at] ?? Buffer.alloc(0), tail]);
  }
  if (tail.includes('\r\n\r\n')) {
    const head = Buffer.concat(chunks).toString('latin1');
    return / HTTP\/1\.[01]\r\n/.test(head.slice(0, head.indexOf('\n') + 1)) ? 'http' : 'foreign';
  }
  return tail.includes('\n\n') ? 'foreign' : 'unfinished';
}
