import type { Socket } from 'node:net';
import type { Noted } from '../core/model/anomaly.js';
import { cidrOf } from '../core/model/address.js';
import { LIMITS } from '../core/model/limits.js';
import type { Endpoint, Packet, TlsRecord } from '../core/model/transport.js';
import { toEndpoint } from './endpoint.js';
import type { StreamTransport, TrapContext } from './options.js';

/** All connections of a trap. `pendingBytes`: what all of them hold of unfinished messages. */
export interface Connections {
  readonly open: Set<Connection>;
  readonly perSource: Map<string, number>;
  /** How many may be open at once; the descriptors of this process may allow few. */
  readonly countMax: number;
  pendingBytes: number;
}

/** One connection, whatever is spoken on it. */
export interface Connection {
  readonly transport: StreamTransport;
  /** The TCP socket below everything; destroying it ends the connection. */
  readonly socket: Socket;
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly group: string;
  /** `handshake`: no message can come yet. */
  phase: 'handshake' | 'open';
  tls: TlsRecord | null;
  /** A web page opened it. */
  webPage: boolean;
  /** When the message or handshake under way began; null: idle. */
  begunAtUs: number | null;
  lastByteAtUs: number;
  pendingBytes: number;
  /** What came and belongs to no whole message, when the connection ends; null: nothing. */
  takeRest: () => Buffer | null;
}

export function createConnections(countMax: number): Connections {
  return { open: new Set(), perSource: new Map(), countMax, pendingBytes: 0 };
}

/**
 * Takes a connection, or closes it when there are too many and answers null. Errors of the socket
 * end it and nothing else; what is left over when it ends is one more packet.
 */
export function acceptConnection(
  context: TrapContext,
  connections: Connections,
  transport: StreamTransport,
  socket: Socket,
  local: Endpoint,
): Connection | null {
  const { remoteAddress, remotePort } = socket;
  socket.on('error', () => {
    // A reset is a peer's everyday farewell; `close` follows and does the rest.
    context.counts.socketErrors += 1;
  });
  if (remoteAddress === undefined || remotePort === undefined) {
    // The peer was gone before it was accepted.
    socket.destroy();
    return null;
  }
  const source = toEndpoint(remoteAddress, remotePort);
  const group = groupOf(source.address);
  const ofGroup = connections.perSource.get(group) ?? 0;
  const full = connections.open.size >= connections.countMax;
  if (full || ofGroup >= LIMITS.tcpConnectionsPerSourceMax) {
    refuse(context, socket, `too many ${full ? 'in all' : `from ${group}`}`);
    return null;
  }
  const nowUs = context.options.nowUs();
  const connection: Connection = {
    transport,
    socket,
    source,
    // The socket knows where the peer came in, also when the trap listens on all addresses.
    local: toEndpoint(socket.localAddress ?? local.address, local.port),
    group,
    phase: transport === 'tcp' ? 'open' : 'handshake',
    tls: null,
    webPage: false,
    begunAtUs: nowUs,
    lastByteAtUs: nowUs,
    pendingBytes: 0,
    takeRest: () => null,
  };
  connections.open.add(connection);
  connections.perSource.set(group, ofGroup + 1);
  context.counts.connectionsOpen += 1;
  socket.once('close', () => {
    forget(context, connections, connection);
  });
  return connection;
}

/** Closes a connection that cannot be had, and counts it. */
export function refuse(context: TrapContext, socket: Socket, why: string): void {
  context.counts.connectionsRefused += 1;
  context.notice('connections', `TCP connections are refused: ${why}`);
  socket.destroy();
}

/** Closes the connections that are slow or idle beyond the limits. */
export function sweepConnections(context: TrapContext, connections: Connections): void {
  const nowUs = context.options.nowUs();
  for (const connection of connections.open) {
    const { socket, begunAtUs, lastByteAtUs, phase } = connection;
    const msMax = phase === 'handshake' ? LIMITS.handshakeMsMax : LIMITS.tcpMessageMsMax;
    const slow = begunAtUs !== null && nowUs - begunAtUs > msMax * 1_000;
    const idle = nowUs - lastByteAtUs > LIMITS.tcpIdleMsMax * 1_000;
    if (!slow && !idle) continue;
    context.counts.connectionsTimedOut += 1;
    socket.destroy();
  }
}

/** Notes how much of unfinished messages a connection holds; closes it when all hold too much. */
export function holdPending(
  context: TrapContext,
  connections: Connections,
  connection: Connection,
  bytes: number,
): void {
  connections.pendingBytes += bytes - connection.pendingBytes;
  connection.pendingBytes = bytes;
  if (connections.pendingBytes <= LIMITS.streamPendingBytesMax) return;
  context.counts.connectionsRefused += 1;
  context.notice('pending', 'a TCP connection was closed: too many unfinished messages in all');
  connection.socket.destroy();
}

/** The handshake is over: messages can come, and the first has its own time. */
export function openConnection(context: TrapContext, connection: Connection): void {
  connection.phase = 'open';
  connection.begunAtUs = context.options.nowUs();
  connection.takeRest = () => null;
}

/** Gives one message out. `answer` sends on the connection. */
export function deliver(
  context: TrapContext,
  connection: Connection,
  bytes: Buffer,
  answer: (bytes: Buffer) => void,
  flaws: readonly Noted[] = NOTHING,
): void {
  const { transport, source, local, tls, phase, webPage } = connection;
  context.counts.received[transport] += 1;
  const receivedAtUs = context.options.nowUs();
  // Of the same shape as a datagram's, for which the compiled code is made.
  const packet: Packet = { receivedAtUs, transport, source, local, bytes };
  const failed = phase === 'handshake' ? { handshake: 'failed' as const } : null;
  const secured = tls === null ? null : { tls };
  const odd = webPage ? [...flaws, 'web-page' as const] : flaws;
  const noted = odd.length === 0 ? null : { noted: odd };
  const plain = failed === null && secured === null && noted === null;
  const whole = plain ? packet : { ...packet, ...secured, ...failed, ...noted };
  context.options.onPacket(whole, answer);
}

const NOTHING: readonly Noted[] = [];

/** Gives out what came in place of a handshake. Nothing can be answered to it. */
export function deliverFailed(
  context: TrapContext,
  connection: Connection,
  bytes: Buffer,
  flaws: readonly Noted[] = NOTHING,
): void {
  connection.takeRest = () => null;
  const unsent = (): void => {
    context.counts.sendErrors += 1;
  };
  deliver(context, connection, bytes, unsent, flaws);
}

function forget(context: TrapContext, connections: Connections, connection: Connection): void {
  if (connection.phase === 'handshake') context.counts.handshakesFailed += 1;
  const rest = connection.takeRest();
  if (rest !== null) deliverFailed(context, connection, rest);
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
