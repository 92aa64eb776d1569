import { LIMITS } from '../../core/common/limits.js';
import type { Endpoint } from '../../core/model/transport.js';
import { leaveOut, type InputReport } from '../recorded.js';
import { createHalf, endHalf, heldOf, takeBytes, type Half, type HalfMessage } from './half.js';
import { beginAt, distance } from './reassemble.js';
import type { Segment } from './segment.js';

/** What one end of a connection has done. */
interface Side {
  readonly endpoint: Endpoint;
  readonly half: Half;
  /** The sequence number of its SYN; null: that was not seen. */
  begin: number | null;
  /** Its address is real: what the other side sent came to it. */
  proven: boolean;
}

interface Connection {
  readonly sides: readonly [Side, Side];
  held: number;
}

/** The connections under way, the least recently used first. */
export interface CapturedConnections {
  readonly open: Map<string, Connection>;
  /** Bytes that all of them hold. */
  held: number;
}

export const createCapturedConnections = (): CapturedConnections => ({ open: new Map(), held: 0 });

export interface StreamMessage {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly proven: boolean;
  readonly webSocket: boolean;
  readonly bytes: Buffer;
}

export interface Sent {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly segment: Segment;
}

/**
 * Takes a segment and gives out the messages that it completes, of either side, whatever the ports.
 * On `ports` all counts that is sent there, SIP or not.
 */
export function takeTcp(
  state: CapturedConnections,
  { source, destination, segment }: Sent,
  ports: ReadonlySet<number>,
  report: InputReport,
): readonly StreamMessage[] {
  const key = keyOf(source, destination);
  const before: StreamMessage[] = [];
  if (segment.syn && !segment.ack && !isRepeated(state.open.get(key), source, segment)) {
    close(state, key, report, before);
  }
  const connection = state.open.get(key) ?? createConnection(source, destination, ports);
  state.open.delete(key);
  state.open.set(key, connection);
  const [from, to] = sidesOf(connection, source);
  if (segment.syn) {
    from.begin ??= segment.sequence;
    if (from.half.stream.next === null) beginAt(from.half.stream, segment.sequence + 1);
  }
  hear(from, to, segment);
  // Data may come with the SYN (RFC 7413), and stand behind its number.
  const sequence = segment.syn ? segment.sequence + 1 : segment.sequence;
  const taken = takeBytes(from.half, sequence >>> 0, segment.payload, report);
  const messages = [...before, ...taken.map((message) => streamMessage(from, to, message))];
  settle(state, connection);
  if (segment.rst) {
    close(state, key, report, messages);
  } else if (segment.fin) {
    messages.push(...endHalf(from.half, true, report).map((each) => streamMessage(from, to, each)));
    settle(state, connection);
  }
  evict(state, report);
  return messages;
}

/** The end of the capture: what stands behind gaps. What is unfinished then cannot be known. */
export function endConnections(
  state: CapturedConnections,
  report: InputReport,
): readonly StreamMessage[] {
  const messages: StreamMessage[] = [];
  for (const connection of state.open.values()) endBoth(connection, false, report, messages);
  state.open.clear();
  state.held = 0;
  return messages;
}

const createConnection = (
  one: Endpoint,
  other: Endpoint,
  ports: ReadonlySet<number>,
): Connection => ({
  sides: [createSide(one, ports.has(other.port)), createSide(other, ports.has(one.port))],
  held: 0,
});

const createSide = (endpoint: Endpoint, wanted: boolean): Side => ({
  endpoint,
  half: createHalf(wanted),
  begin: null,
  proven: false,
});

/** A SYN that is sent again does not begin another connection. */
function isRepeated(connection: Connection | undefined, source: Endpoint, segment: Segment) {
  if (connection === undefined) return false;
  return sidesOf(connection, source)[0].begin === segment.sequence;
}

/** How far an acknowledgement may be from the SYN that it proves to have been received. */
const ACKNOWLEDGED_MAX = 1_048_576;

/** Finds out whether addresses are real: each side must have had what the other sent. */
function hear(from: Side, to: Side, segment: Segment): void {
  if (!segment.ack || segment.rst) return;
  if (to.begin !== null) {
    const ahead = distance(to.begin, segment.acknowledged);
    if (ahead >= 1 && ahead <= ACKNOWLEDGED_MAX) from.proven = true;
  }
  // Who acknowledges outside of its SYN has had the other's answer to that.
  if (!segment.syn) to.proven = true;
}

function close(
  state: CapturedConnections,
  key: string,
  report: InputReport,
  messages: StreamMessage[],
): void {
  const connection = state.open.get(key);
  if (connection === undefined) return;
  endBoth(connection, true, report, messages);
  state.open.delete(key);
  state.held -= connection.held;
}

function endBoth(
  { sides: [one, other] }: Connection,
  closed: boolean,
  report: InputReport,
  messages: StreamMessage[],
): void {
  for (const message of endHalf(one.half, closed, report)) {
    messages.push(streamMessage(one, other, message));
  }
  for (const message of endHalf(other.half, closed, report)) {
    messages.push(streamMessage(other, one, message));
  }
}

function settle(state: CapturedConnections, connection: Connection): void {
  const [one, other] = connection.sides;
  const held = heldOf(one.half) + heldOf(other.half);
  state.held += held - connection.held;
  connection.held = held;
}

function evict(state: CapturedConnections, report: InputReport): void {
  while (state.open.size > LIMITS.captureStreamsMax || state.held > LIMITS.captureStreamsBytesMax) {
    const oldest = state.open.entries().next();
    if (oldest.done === true) return;
    const [key, connection] = oldest.value;
    state.open.delete(key);
    state.held -= connection.held;
    // One that holds nothing is no loss.
    if (connection.held > 0) leaveOut(report, 'evicted');
  }
}

function sidesOf({ sides: [one, other] }: Connection, source: Endpoint): readonly [Side, Side] {
  const isOne = one.endpoint.port === source.port && one.endpoint.address === source.address;
  return isOne ? [one, other] : [other, one];
}

const streamMessage = (
  from: Side,
  to: Side,
  { bytes, webSocket, webPage }: HalfMessage,
): StreamMessage => ({
  source: from.endpoint,
  destination: to.endpoint,
  // Of what a web page may be behind, the trap takes the connection for no proof either.
  proven: from.proven && !webPage,
  webSocket,
  bytes,
});

/** The same for both directions. */
function keyOf(one: Endpoint, other: Endpoint): string {
  const [a, b] = [textOf(one), textOf(other)];
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

const textOf = ({ address, port }: Endpoint): string => `${address} ${port}`;
