import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { LIMITS } from '../core/model/limits.js';
import { deliver, holdPending, type Connection, type Connections } from './connections.js';
import type { TrapContext } from './options.js';

/**
 * Reads SIP from an open WebSocket: one message is one packet (RFC 7118 section 5), text or binary.
 * A message that never ends is seen by its bytes, for the package shows whole messages only.
 */
export function readSipWebSocket(
  context: TrapContext,
  connections: Connections,
  connection: Connection,
  stream: Socket,
  webSocket: WebSocket,
): void {
  let last: Buffer | null = null;
  const settle = (): void => {
    last = null;
    connection.begunAtUs = null;
    holdPending(context, connections, connection, 0);
  };
  // Before the package's own listener, which may settle a message with this very chunk.
  stream.prependListener('data', (chunk: Buffer) => {
    last = chunk;
    const nowUs = context.options.nowUs();
    connection.lastByteAtUs = nowUs;
    connection.begunAtUs ??= nowUs;
    holdPending(context, connections, connection, connection.pendingBytes + chunk.length);
  });
  webSocket.on('message', (data: RawData) => {
    settle();
    take(context, connection, webSocket, bytesOf(data));
  });
  // A ping may stand between the parts of a message, whose time goes on.
  const settleControl = (payload: Buffer): void => {
    const rest = connection.pendingBytes - payload.length - CONTROL_HEAD_BYTES;
    if (rest <= 0) settle();
    else holdPending(context, connections, connection, rest);
  };
  webSocket.on('ping', (payload) => {
    context.counts.keepAlives += 1;
    settleControl(payload);
  });
  webSocket.on('pong', settleControl);
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

/** RFC 6455 section 5.5: a masked frame of at most 125 bytes has two bytes and a mask before them. */
const CONTROL_HEAD_BYTES = 6;
const KEEP_ALIVE = Buffer.from('\r\n\r\n');

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
