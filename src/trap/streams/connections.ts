import type { Socket } from 'node:net';
import type { Noted } from '../../core/model/anomaly.js';
import { cidrOf } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Endpoint, Packet } from '../../core/model/transport.js';
import { toEndpoint } from '../endpoint.js';
import { createFairTurns, type FairTurns } from './fair-turns.js';
import type { StreamTransport, TrapContext } from '../options.js';
import { createShares, enter, firstToGo, leave, moveToEnd, sharesOf, sizeOf } from './shares.js';
import type { Connection, Share, Shares } from './connection.js';

/** All connections of a trap. `pendingBytes`: what all of them hold of unfinished messages. */
export interface Connections {
  readonly shares: Shares;
  readonly turns: FairTurns;
  /** Events without a message that were told in this second, by the source's identity. */
  readonly quietEvents: Map<string, number>;
  /** How many may be open at once; the descriptors of this process may allow few. */
  readonly countMax: number;
  pendingBytes: number;
}

export function createConnections(countMax: number): Connections {
  return {
    shares: createShares(countMax),
    turns: createFairTurns(),
    quietEvents: new Map(),
    countMax,
    pendingBytes: 0,
  };
}

/**
 * Takes a connection; where its share is full, the oldest idle one of that makes room. Answers null
 * for one that is gone already. Errors of the socket end it and nothing else; what is left over when
 * it ends is one more packet.
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
  const identity = (context.options.identityOf ?? wideIdentity)(source.address);
  const secured = transport === 'tls' || transport === 'wss';
  const shares = sharesOf(connections.shares, source.address, identity, secured);
  for (const share of shares)
    if (sizeOf(share) >= share.countMax) makeRoom(context, connections, share);
  const nowUs = context.options.nowUs();
  const connection: Connection = {
    transport,
    socket,
    source,
    // The socket knows where the peer came in, also when the trap listens on all addresses.
    local: toEndpoint(socket.localAddress ?? local.address, local.port),
    identity,
    shares,
    phase: transport === 'tcp' ? 'open' : 'handshake',
    tls: null,
    webPage: false,
    begunAtUs: nowUs,
    lastByteAtUs: nowUs,
    heardAtUs: nowUs,
    heard: false,
    pendingBytes: 0,
    takeRest: () => null,
  };
  enter(connections.shares, connection);
  context.counts.connectionsOpen += 1;
  socket.once('close', () => {
    forget(context, connections, connection);
  });
  return connection;
}

function makeRoom(context: TrapContext, connections: Connections, share: Share): void {
  const oldest = firstToGo(share);
  if (oldest === null) return;
  context.counts.connectionsEvicted += 1;
  context.notice('connections', `idle TCP connections make room: too many ${share.words}`);
  // At once: more may come before its socket has closed.
  leave(connections.shares, oldest);
  oldest.socket.destroy();
}

/** Closes the connections that are slow or idle beyond the limits. */
export function sweepConnections(context: TrapContext, connections: Connections): void {
  connections.quietEvents.clear();
  const nowUs = context.options.nowUs();
  const { silent, heard } = connections.shares.all;
  for (const connection of [...silent, ...heard]) {
    if (!isOverdue(connection, nowUs)) continue;
    context.counts.connectionsTimedOut += 1;
    connection.socket.destroy();
  }
}

/** Too slow, idle, or kept alive for long without a message. */
function isOverdue(connection: Connection, nowUs: number): boolean {
  const { begunAtUs, lastByteAtUs, heardAtUs, heard, phase } = connection;
  const slowMsMax = phase === 'handshake' ? LIMITS.handshakeMsMax : LIMITS.tcpMessageMsMax;
  const owedMsMax = heard ? LIMITS.tcpSilentMsMax : LIMITS.tcpFirstMessageMsMax;
  return (
    (begunAtUs !== null && nowUs - begunAtUs > slowMsMax * 1_000) ||
    nowUs - lastByteAtUs > LIMITS.tcpIdleMsMax * 1_000 ||
    nowUs - heardAtUs > owedMsMax * 1_000
  );
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
  const nowUs = context.options.nowUs();
  // Who sends many need not be moved for each.
  if (!connection.heard || nowUs - connection.heardAtUs > MOVED_AGAIN_US) {
    connection.heard = true;
    connection.heardAtUs = nowUs;
    moveToEnd(connection);
  }
  giveOut(context, connection, bytes, answer, flaws);
}

const MOVED_AGAIN_US = 1_000_000;

/**
 * Tells of a connection something that is no message: its end without one, or a run of keep-alives.
 * Of one source so many in a second, for a flood of them says no more; the rest is counted.
 */
export function deliverQuiet(
  context: TrapContext,
  { quietEvents }: Connections,
  connection: Connection,
  bytes: Buffer,
  noted: readonly Noted[],
): void {
  const told = quietEvents.get(connection.identity) ?? 0;
  const isNew = told === 0 && quietEvents.size >= LIMITS.quietSourcesMax;
  if (isNew || told >= LIMITS.quietEventsPerSourceMax) {
    context.counts.quietEventsThinned += 1;
    return;
  }
  quietEvents.set(connection.identity, told + 1);
  giveOut(context, connection, bytes, () => undefined, noted);
}

function giveOut(
  context: TrapContext,
  connection: Connection,
  bytes: Buffer,
  answer: (bytes: Buffer) => void,
  flaws: readonly Noted[],
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
  const failed = connection.phase === 'handshake';
  if (failed) context.counts.handshakesFailed += 1;
  const rest = connection.takeRest();
  if (rest !== null) deliverFailed(context, connection, rest);
  connections.pendingBytes -= connection.pendingBytes;
  leave(connections.shares, connection);
  context.counts.connectionsOpen -= 1;
  if (connection.heard) return;
  deliverQuiet(context, connections, connection, EMPTY, failed ? NO_HANDSHAKE : NO_MESSAGE);
}

const EMPTY = Buffer.alloc(0);
const NO_MESSAGE: readonly Noted[] = ['no-message'];
const NO_HANDSHAKE: readonly Noted[] = ['no-handshake'];

/** The IPv4 address, or the IPv6 /64 that one host owns as a rule. */
const wideIdentity = (address: string): string =>
  address.includes(':') ? (cidrOf(address, 64)?.text ?? address) : address;
