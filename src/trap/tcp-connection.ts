import type { Socket } from 'node:net';
import { cidrOf } from '../core/model/address.js';
import { LIMITS } from '../core/model/limits.js';
import type { Endpoint } from '../core/model/transport.js';
import { countKeepAlives, createFramer, flush, push, type Framer } from '../core/sip/frame.js';
import { toEndpoint } from './endpoint.js';
import type { TrapContext } from './options.js';

/** All TCP connections of a trap. `pendingBytes`: what all of them hold of unfinished messages. */
export interface Connections {
  readonly open: Set<Connection>;
  readonly perSource: Map<string, number>;
  pendingBytes: number;
}

interface Connection {
  readonly socket: Socket;
  readonly framer: Framer;
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly group: string;
  /** When the message under way began, or the connection if none ever ended; null: idle. */
  begunAtUs: number | null;
  lastByteAtUs: number;
  pendingBytes: number;
  keepAlives: number;
}

export function createConnections(): Connections {
  return { open: new Set(), perSource: new Map(), pendingBytes: 0 };
}

/**
 * Takes a connection, or closes it when there are too many. Each framed message is one packet, and
 * so is what came of a broken or unfinished one. Errors of the socket end it and nothing else.
 */
export function acceptConnection(
  context: TrapContext,
  connections: Connections,
  socket: Socket,
  local: Endpoint,
): boolean {
  const { remoteAddress, remotePort } = socket;
  socket.on('error', () => {
    // A reset is a peer's everyday farewell; `close` follows and does the rest.
    context.counts.socketErrors += 1;
  });
  if (remoteAddress === undefined || remotePort === undefined) {
    // The peer was gone before it was accepted.
    socket.destroy();
    return false;
  }
  const source = toEndpoint(remoteAddress, remotePort);
  const group = groupOf(source.address);
  const ofGroup = connections.perSource.get(group) ?? 0;
  const full = connections.open.size >= LIMITS.tcpConnectionsMax;
  if (full || ofGroup >= LIMITS.tcpConnectionsPerSourceMax) {
    context.counts.connectionsRefused += 1;
    context.notice(
      'connections',
      `TCP connections are refused: too many ${full ? 'in all' : `from ${group}`}`,
    );
    socket.destroy();
    return false;
  }
  const nowUs = context.options.nowUs();
  const connection: Connection = {
    socket,
    framer: createFramer({
      headBytesMax: LIMITS.streamHeadBytesMax,
      messageBytesMax: LIMITS.streamMessageBytesMax,
    }),
    source,
    // The socket knows where the peer came in, also when the trap listens on all addresses.
    local: toEndpoint(socket.localAddress ?? local.address, local.port),
    group,
    begunAtUs: nowUs,
    lastByteAtUs: nowUs,
    pendingBytes: 0,
    keepAlives: 0,
  };
  connections.open.add(connection);
  connections.perSource.set(group, ofGroup + 1);
  context.counts.connectionsOpen += 1;
  socket.on('data', (chunk: Buffer) => {
    receive(context, connections, connection, chunk);
  });
  socket.once('close', () => {
    forget(context, connections, connection);
  });
  return true;
}

/** Closes the connections that are slow or idle beyond the limits. */
export function sweepConnections(context: TrapContext, connections: Connections): void {
  const nowUs = context.options.nowUs();
  for (const { socket, begunAtUs, lastByteAtUs } of connections.open) {
    const slow = begunAtUs !== null && nowUs - begunAtUs > LIMITS.tcpMessageMsMax * 1_000;
    const idle = nowUs - lastByteAtUs > LIMITS.tcpIdleMsMax * 1_000;
    if (!slow && !idle) continue;
    context.counts.connectionsTimedOut += 1;
    socket.destroy();
  }
}

function receive(
  context: TrapContext,
  connections: Connections,
  connection: Connection,
  chunk: Buffer,
): void {
  const { framer, socket } = connection;
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
  context.counts.keepAlives += keepAlives - connection.keepAlives;
  connection.keepAlives = keepAlives;
  connections.pendingBytes += framer.used - connection.pendingBytes;
  connection.pendingBytes = framer.used;
  for (const message of messages) deliver(context, connection, message);
  if (failure !== null) {
    context.counts.framingFailures += 1;
    // A peer that does not read its answer is cut off by the sweep.
    connection.begunAtUs = nowUs;
    socket.end(() => socket.destroy());
  } else if (connections.pendingBytes > LIMITS.streamPendingBytesMax) {
    context.counts.connectionsRefused += 1;
    context.notice('pending', 'a TCP connection was closed: too many unfinished messages in all');
    socket.destroy();
  }
}

function deliver(context: TrapContext, connection: Connection, bytes: Buffer): void {
  const { socket, source, local } = connection;
  context.counts.received.tcp += 1;
  const receivedAtUs = context.options.nowUs();
  context.options.onPacket({ receivedAtUs, transport: 'tcp', source, local, bytes }, (answer) => {
    if (!socket.writable) {
      context.counts.sendErrors += 1;
    } else if (socket.writableLength + answer.length > LIMITS.streamSendQueueBytesMax) {
      // A peer that sends and never reads would fill our memory with its answers.
      context.counts.repliesDropped += 1;
      socket.destroy();
    } else {
      socket.write(answer);
    }
  });
}

function forget(context: TrapContext, connections: Connections, connection: Connection): void {
  const rest = flush(connection.framer);
  if (rest !== null) deliver(context, connection, rest);
  connections.pendingBytes -= connection.pendingBytes;
  connections.open.delete(connection);
  context.counts.connectionsOpen -= 1;
  const left = (connections.perSource.get(connection.group) ?? 1) - 1;
  if (left === 0) connections.perSource.delete(connection.group);
  else connections.perSource.set(connection.group, left);
}

/** Whom a connection counts for: the IPv4 address, or the IPv6 /64 that one host owns as a rule. */
function groupOf(address: string): string {
  return address.includes(':') ? (cidrOf(address, 64)?.text ?? address) : address;
}
