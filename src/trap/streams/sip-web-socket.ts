import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Noted } from '../../core/model/anomaly.js';
import { LIMITS } from '../../core/common/limits.js';
import {
  deliver,
  deliverFailed,
  deliverQuiet,
  holdPending,
  type Connections,
} from './connections.js';
import type { FairTurns } from './fair-turns.js';
import type { TrapContext } from '../options.js';
import {
  createPart,
  heldBytes,
  partOf,
  readPart,
  type FrameMessage,
  type MessagePart,
} from '../../core/sip/ws-frame.js';
import type { Connection } from './connection.js';

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
  let failed = false;
  let last: Buffer | null = null;
  /** Of the chunk at hand: the first message that a strict reader refuses. */
  let flawed: FrameMessage | null = null;
  const { turns } = connections;
  connection.takeRest = () => {
    turns.finish(stream);
    return partOf(part);
  };
  // Before the package's own listener: its errors are about this very piece.
  const take = (chunk: Buffer): void => {
    // The package closes the connection: what still comes is nobody's.
    if (failed) return;
    last = chunk;
    const nowUs = context.options.nowUs();
    const messages = readPart(part, chunk, LIMITS.streamMessageBytesMax);
    const completed = messages.length > 0;
    flawed = messages.find((message) => flawsOf(message).length > 0) ?? null;
    connection.lastByteAtUs = nowUs;
    // A ping may stand between the parts of a message, whose time goes on.
    if (heldBytes(part) === 0) connection.begunAtUs = null;
    else if (completed) connection.begunAtUs = nowUs;
    else connection.begunAtUs ??= nowUs;
    holdPending(context, connections, connection, heldBytes(part));
  };
  inTurns(stream, turns, take);
  let keepAlives = 0;
  const keptAlive = (): void => {
    context.counts.keepAlives += 1;
    keepAlives += 1;
    if (keepAlives % LIMITS.keepAlivesPerEvent !== 0) return;
    deliverQuiet(context, connections, connection, KEEP_ALIVE, []);
  };
  webSocket.on('message', (data: RawData) => {
    if (takeMessage(context, connection, webSocket, bytesOf(data))) keptAlive();
  });
  webSocket.on('ping', keptAlive);
  webSocket.on('error', () => {
    // The package has sent the close that RFC 6455 section 7.4.1 wants: 1002, 1007 or 1009. A peer
    // that does not close in turn is cut off by the sweep.
    failed = true;
    context.counts.framingFailures += 1;
    connection.begunAtUs = context.options.nowUs();
    const tried = triedOf(part, flawed, last);
    deliverFailed(context, connection, tried.bytes, flawsOf(tried));
    holdPending(context, connections, connection, 0);
  });
  webSocket.once('close', () => connection.socket.destroy());
}

/** What a peer tried when its frames were broken, unmasked as far as that can be. */
function triedOf(part: MessagePart, flawed: FrameMessage | null, last: Buffer | null) {
  const came = last ?? EMPTY;
  const broken: FrameMessage = { bytes: came, text: false, flaws: new Set(['bad-frame']) };
  // SIP that stands there without any frame.
  if (/^(?:[A-Z]+ |SIP\/2\.0 )/.test(came.toString('latin1', 0, START_BYTES_MAX))) return broken;
  if (flawed !== null) return flawed;
  const bytes = partOf(part);
  if (bytes === null) return part.broken ? { ...broken, flaws: part.flaws } : broken;
  const { flaws } = part;
  return { bytes, text: false, flaws: flaws.size > 0 ? flaws : broken.flaws };
}

/** More than the longest method. */
const START_BYTES_MAX = 32;
const EMPTY = Buffer.alloc(0);

function flawsOf({ bytes, text, flaws }: FrameMessage): readonly Noted[] {
  const noted: Noted[] = [...flaws].map((flaw) => `ws-${flaw}` as const);
  if (text && !flaws.has('compressed') && !isUtf8(bytes)) noted.push('ws-not-utf8');
  return noted;
}

/** The package's listener gets its bytes in the same pieces, each after ours. */
function inTurns(stream: Socket, turns: FairTurns, ours: (piece: Buffer) => void): void {
  const theirs = stream.listeners('data') as ((piece: Buffer) => void)[];
  for (const each of theirs) stream.off('data', each);
  const work = (piece: Buffer): void => {
    ours(piece);
    for (const each of theirs) each.call(stream, piece);
  };
  stream.on('data', (chunk: Buffer) => {
    turns.take(stream, chunk, work);
  });
}

/** True for a keep-alive. */
function takeMessage(
  context: TrapContext,
  connection: Connection,
  webSocket: WebSocket,
  bytes: Buffer,
): boolean {
  // RFC 5626 section 3.5.1: such a message keeps the way open and says nothing.
  if (bytes.length === 4 && bytes.equals(KEEP_ALIVE)) return true;
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
  return false;
}

const KEEP_ALIVE = Buffer.from('\r\n\r\n');

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
