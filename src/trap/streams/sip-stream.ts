import type { Socket } from 'node:net';
import { LIMITS } from '../../core/common/limits.js';
import { countKeepAlives, createFramer, flush, push, type Framer } from '../../core/sip/frame.js';
import { deliver, deliverQuiet, holdPending, type Connections } from './connections.js';
import type { TrapContext } from '../options.js';
import type { Connection } from './connection.js';

/** SIP framed by Content-Length on a connection: TCP itself, or the TLS stream above it. */
interface SipStream {
  readonly connection: Connection;
  readonly stream: Socket;
  readonly framer: Framer;
  keepAlives: number;
  /** Of them, up to where they were told. */
  keepAlivesTold: number;
}

/**
 * Reads SIP from a stream. Each framed message is one packet, and so is what came of a broken or
 * unfinished one. Answers go back on the same stream.
 */
export function readSipStream(
  context: TrapContext,
  connections: Connections,
  connection: Connection,
  stream: Socket,
): void {
  const framer = createFramer({
    headBytesMax: LIMITS.streamHeadBytesMax,
    messageBytesMax: LIMITS.streamMessageBytesMax,
  });
  const sip: SipStream = { connection, stream, framer, keepAlives: 0, keepAlivesTold: 0 };
  const { turns } = connections;
  connection.takeRest = () => {
    turns.finish(stream);
    return flush(framer);
  };
  const take = (piece: Buffer): void => {
    receive(context, connections, sip, piece);
  };
  stream.on('data', (chunk: Buffer) => {
    turns.take(stream, chunk, take);
  });
}

function receive(
  context: TrapContext,
  connections: Connections,
  sip: SipStream,
  chunk: Buffer,
): void {
  const { framer, connection, stream } = sip;
  if (framer.failure !== null) {
    context.counts.streamBytesIgnored += chunk.length;
    return;
  }
  const { messages, failure } = push(framer, chunk);
  const nowUs = context.options.nowUs();
  connection.lastByteAtUs = nowUs;
  if (framer.used === 0) connection.begunAtUs = null;
  else if (messages.length > 0) connection.begunAtUs = nowUs;
  else connection.begunAtUs ??= nowUs;
  const keepAlives = countKeepAlives(framer);
  context.counts.keepAlives += keepAlives - sip.keepAlives;
  sip.keepAlives = keepAlives;
  if (keepAlives - sip.keepAlivesTold >= LIMITS.keepAlivesPerEvent) {
    sip.keepAlivesTold = keepAlives;
    deliverQuiet(context, connections, connection, KEEP_ALIVE, []);
  }
  for (const message of messages) {
    deliver(context, connection, message, (answer) => {
      send(context, sip, answer);
    });
  }
  if (failure !== null) {
    context.counts.framingFailures += 1;
    // A peer that does not read its answer is cut off by the sweep.
    connection.begunAtUs = nowUs;
    stream.end(() => stream.destroy());
  }
  holdPending(context, connections, connection, framer.used);
}

/** What came, once for all of a run. */
const KEEP_ALIVE = Buffer.from('\r\n\r\n');

function send(context: TrapContext, { stream }: SipStream, answer: Buffer): void {
  if (!stream.writable) {
    context.counts.sendErrors += 1;
  } else if (stream.writableLength + answer.length > LIMITS.streamSendQueueBytesMax) {
    // A peer that sends and never reads would fill our memory with its answers.
    context.counts.repliesDropped += 1;
    stream.destroy();
  } else {
    stream.write(answer);
  }
}
