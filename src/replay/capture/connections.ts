import { LIMITS } from '../../core/model/limits.js';
import type { Endpoint } from '../../core/model/transport.js';
import { createFramer, flush, push, type Framer } from '../../core/sip/frame.js';
import { parseStartLine } from '../../core/sip/start-line.js';
import { leaveOut, type Ledger } from '../recorded.js';
import {
  beginAt,
  createByteStream,
  distance,
  takeRest,
  takeSegment,
  type ByteStream,
  type Ordered,
} from './reassemble.js';
import type { Segment } from './segment.js';

/** A connection of a capture: only what the client sends is put together. */
interface Connection {
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly stream: ByteStream;
  framer: Framer;
  /** The server's first sequence number; null: its SYN was not seen. */
  serverBegin: number | null;
  /** The server heard the client, or the client heard the server: the handshake is complete. */
  proven: boolean;
  /** Bytes are missing before: nothing is taken until a message begins. */
  torn: boolean;
  encrypted: boolean;
}

/** The connections under way, the least recently used first. */
export interface Connections {
  readonly open: Map<string, Connection>;
}

export const createConnections = (): Connections => ({ open: new Map() });

export interface StreamMessage {
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly proven: boolean;
  readonly bytes: Buffer;
}

/**
 * Takes a segment and gives out the messages that it completes. Who is the client is known from
 * the SYN, or else from the SIP ports; of other connections nothing is kept.
 */
export function takeTcp(
  state: Connections,
  { source, destination, segment }: { source: Endpoint; destination: Endpoint; segment: Segment },
  ports: ReadonlySet<number>,
  ledger: Ledger,
): readonly StreamMessage[] {
  const forward = `${textOf(source)} ${textOf(destination)}`;
  const backward = `${textOf(destination)} ${textOf(source)}`;
  const messages: StreamMessage[] = [];
  if (segment.syn && !segment.ack) {
    closeConnection(state, forward, ledger, messages);
    closeConnection(state, backward, ledger, messages);
    if (!ports.has(segment.destinationPort)) return messages;
    const connection = open(state, forward, source, destination, ledger);
    beginAt(connection.stream, segment.sequence + 1);
    connection.torn = false;
    return messages;
  }
  const fromServer = touch(state, backward);
  if (fromServer !== null) {
    hearServer(fromServer, segment);
    if (segment.rst) closeConnection(state, backward, ledger, messages);
    return messages;
  }
  let connection = touch(state, forward);
  if (connection === null) {
    if (!ports.has(segment.destinationPort)) {
      // A capture that began in the middle: the server's word alone tells who is who.
      if (!ports.has(segment.sourcePort) || segment.rst) return messages;
      hearServer(open(state, backward, destination, source, ledger), segment);
      return messages;
    }
    connection = open(state, forward, source, destination, ledger);
  }
  hearClient(connection, segment, ledger, messages);
  if (segment.fin || segment.rst) closeConnection(state, forward, ledger, messages);
  return messages;
}

/** The end of the capture: what stands behind gaps. What is unfinished then cannot be known. */
export function endConnections(state: Connections, ledger: Ledger): readonly StreamMessage[] {
  const messages: StreamMessage[] = [];
  for (const connection of state.open.values()) {
    for (const ordered of takeRest(connection.stream)) {
      takeOrdered(connection, ordered, ledger, messages);
    }
    if (connection.framer.used > 0) leaveOut(ledger, 'unfinished');
  }
  state.open.clear();
  return messages;
}

function open(
  state: Connections,
  key: string,
  client: Endpoint,
  server: Endpoint,
  ledger: Ledger,
): Connection {
  if (state.open.size >= LIMITS.captureStreamsMax) {
    const oldest = state.open.keys().next();
    if (oldest.done !== true) state.open.delete(oldest.value);
    leaveOut(ledger, 'evicted');
  }
  const connection: Connection = {
    client,
    server,
    stream: createByteStream(),
    framer: newFramer(),
    serverBegin: null,
    proven: false,
    torn: true,
    encrypted: false,
  };
  state.open.set(key, connection);
  return connection;
}

function touch(state: Connections, key: string): Connection | null {
  const connection = state.open.get(key);
  if (connection === undefined) return null;
  state.open.delete(key);
  state.open.set(key, connection);
  return connection;
}

function hearServer(connection: Connection, segment: Segment): void {
  if (segment.syn) connection.serverBegin = segment.sequence;
  // A server that acknowledges outside of its SYN has had the client's answer to that SYN.
  else if (segment.ack && !segment.rst) connection.proven = true;
}

function hearClient(
  connection: Connection,
  segment: Segment,
  ledger: Ledger,
  messages: StreamMessage[],
): void {
  const { serverBegin } = connection;
  if (segment.ack && serverBegin !== null && distance(serverBegin, segment.acknowledged) >= 1) {
    connection.proven = true;
  }
  for (const ordered of takeSegment(connection.stream, segment.sequence, segment.payload)) {
    takeOrdered(connection, ordered, ledger, messages);
  }
}

function takeOrdered(
  connection: Connection,
  { bytes, gap }: Ordered,
  ledger: Ledger,
  messages: StreamMessage[],
): void {
  if (isTls(bytes) && connection.framer.used === 0) connection.encrypted = true;
  if (connection.encrypted) {
    leaveOut(ledger, 'encrypted');
    return;
  }
  if (gap) connection.torn = true;
  if (connection.torn) {
    if (!beginsMessage(bytes)) {
      leaveOut(ledger, 'lost_stream_bytes');
      return;
    }
    connection.torn = false;
    connection.framer = newFramer();
  }
  for (const message of push(connection.framer, bytes).messages) {
    messages.push(messageOf(connection, message));
  }
}

function closeConnection(
  state: Connections,
  key: string,
  ledger: Ledger,
  messages: StreamMessage[],
): void {
  const connection = state.open.get(key);
  if (connection === undefined) return;
  for (const ordered of takeRest(connection.stream)) {
    takeOrdered(connection, ordered, ledger, messages);
  }
  const rest = connection.torn ? null : flush(connection.framer);
  if (rest !== null) messages.push(messageOf(connection, rest));
  state.open.delete(key);
}

const messageOf = ({ client, server, proven }: Connection, bytes: Buffer): StreamMessage => ({
  client,
  server,
  proven,
  bytes,
});

const newFramer = (): Framer =>
  createFramer({
    headBytesMax: LIMITS.streamHeadBytesMax,
    messageBytesMax: LIMITS.streamMessageBytesMax,
  });

const textOf = ({ address, port }: Endpoint): string => `${address} ${port}`;

/** A TLS record of the handshake (RFC 8446 section 5.1). */
const isTls = (bytes: Buffer): boolean => bytes[0] === 0x16 && bytes[1] === 3;

function beginsMessage(bytes: Buffer): boolean {
  const end = bytes.indexOf(10);
  const line = bytes.toString('latin1', 0, end === -1 ? Math.min(bytes.length, 512) : end);
  return parseStartLine(line.trimEnd()).kind !== 'other';
}
