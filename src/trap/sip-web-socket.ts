import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { LIMITS } from '../core/model/limits.js';
import { deliver, holdPending, type Connection, type Connections } from './connections.js';
import type { TrapContext } from './options.js';
import { createPart, heldBytes, partOf, readPart } from '../core/sip/ws-frame.js';

/**
 * Reads SIP from an open WebSocket: one message is one packet (RFC 7118 section 5), text or binary.
 * What came of a message that never ends is one too, when the connection does.
 */
export function readSipWebSocket(
  context: TrapContext,
  connections: Connections,
  connection: Connection,
  stream: Socket,
  webSocket: WebSocket,
): void {
  const part = createPart();
  let last: Buffer | null = null;
  connection.takeRest = () => partOf(part);
  // Before the package's own listener: its errors are about this very chunk.
  stream.prependListener('data', (chunk: Buffer) => {
    last = chunk;
    const nowUs = context.options.nowUs();
    const completed = readPart(part, chunk, LIMITS.streamMessageBytesMax).length > 0;
    connection.lastByteAtUs = nowUs;
    // A ping may stand between the parts of a message, whose time goes on.
    if (heldBytes(part) === 0) connection.begunAtUs = null;
    else if (completed) connection.begunAtUs = nowUs;
    else connection.begunAtUs ??= nowUs;
    holdPending(context, connections, connection, heldBytes(part));
  });
  webSocket.on('message', (data: RawData) => {
    take(context, connection, webSocket, bytesOf(data));
  });
  webSocket.on('ping', () => {
    context.counts.keepAlives += 1;
  });
  webSocket.on('error', () => {
    // A frame that is none, or too large: what came last shows what was tried.
    context.counts.framingFailures += 1;
    connection.takeRest = () => last;
    webSocket.terminate();
  });
  webSocket.once('close', () => connection.socket.destroy());
}

function take(
  context: TrapContext,
  connection: Connection,
  webSocket: WebSocket,
  bytes: Buffer,
): void {
  // RFC 5626 section 3.5.1: such a message keeps the way open and says nothing.
  if (bytes.length === 4 && bytes.equals(KEEP_ALIVE)) {
    context.counts.keepAlives += 1;
    return;
  }
  deliver(context, connection, bytes, (answer) => {
    if (webSocket.readyState !== webSocket.OPEN) {
      context.counts.sendErrors += 1;
    } else if (webSocket.bufferedAmount + answer.length > LIMITS.streamSendQueueBytesMax) {
      context.counts.repliesDropped += 1;
      webSocket.terminate();
    } else {
      // A text frame must be UTF-8 (RFC 6455 section 5.6), which a repeated header may not be.
      webSocket.send(answer, { binary: !isUtf8(answer) });
    }
  });
}

const KEEP_ALIVE = Buffer.from('\r\n\r\n');

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
