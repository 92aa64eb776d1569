import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { LIMITS } from '../../core/common/limits.js';
import { safeText } from '../../core/common/text.js';
import { encodeHep, type HepAgent, type HepContent } from '../../records/hep/encode.js';

export interface HepOutOptions extends HepAgent {
  /** An address, or a name that is looked up. */
  readonly host: string;
  readonly port: number;
  /** Milliseconds of a clock that only goes on. */
  readonly nowMs: () => number;
  /** Takes one line for a person. */
  readonly say: (text: string) => void;
  /** Addresses of a name, the one to be used first; rejects when there is none. */
  readonly lookUp: (host: string) => Promise<readonly string[]>;
}

/** What became of the messages, since the start. */
export interface HepOutCounts {
  sent: number;
  /** Given up: too many waited, or came in one second, too long for a packet, or refused. */
  dropped: number;
}

export interface HepOut {
  /** Takes a message, and returns at once. */
  readonly send: (content: HepContent) => void;
  readonly counts: HepOutCounts;
  /** What is wrong with the way to the server; null: nothing of late. */
  readonly problem: () => string | null;
  readonly waiting: () => number;
  readonly close: () => Promise<void>;
}

/** What fits into UDP over IPv4. */
const DATAGRAM_BYTES_MAX = 65_507;

interface Work {
  readonly options: HepOutOptions;
  readonly counts: HepOutCounts;
  /** Packets that wait until the server's address is known. */
  waiting: Buffer[];
  underWay: number;
  socket: Socket | null;
  problem: { readonly words: string; readonly atMs: number } | null;
  secondBeganMs: number;
  messagesInSecond: number;
  timer: NodeJS.Timeout | null;
  closed: boolean;
}

/**
 * Sends messages to a server such as Homer, over UDP: whoever listens there, or does not, holds
 * nothing up here. What cannot be sent is counted.
 */
export function openHepOut(options: HepOutOptions): HepOut {
  const work: Work = {
    options,
    counts: { sent: 0, dropped: 0 },
    ...{ waiting: [], underWay: 0, socket: null, problem: null, timer: null, closed: false },
    ...{ secondBeganMs: -Infinity, messagesInSecond: 0 },
  };
  void connect(work);
  return {
    counts: work.counts,
    // Of a port where nobody listens every second packet is told of: what came lately counts.
    problem: () => (isRecent(work) ? (work.problem?.words ?? null) : null),
    waiting: () => work.waiting.length + work.underWay,
    send: (content) => {
      const packet = isTooMuch(work) ? null : encodeHep(content, options);
      if (packet === null || packet.length > DATAGRAM_BYTES_MAX) work.counts.dropped += 1;
      else if (work.socket === null) work.waiting.push(packet);
      else give(work, work.socket, packet);
    },
    close: async () => {
      work.closed = true;
      if (work.timer !== null) clearTimeout(work.timer);
      const { socket } = work;
      work.socket = null;
      if (socket !== null) await new Promise<void>((done) => socket.close(done));
    },
  };
}

async function connect(work: Work): Promise<void> {
  const { host, port, lookUp } = work.options;
  try {
    const [address = ''] = await lookUp(host);
    if (isClosed(work)) return;
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    // That nobody listens there comes back with a later packet (ICMP).
    socket.on('error', (error) => {
      note(work, error);
    });
    socket.connect(port, address);
    await once(socket, 'connect');
    if (isClosed(work)) return void socket.close();
    work.socket = socket;
    for (const packet of work.waiting.splice(0)) give(work, socket, packet);
  } catch (error) {
    note(work, error instanceof Error ? error : new Error(String(error)));
    if (!isClosed(work)) work.timer = setTimeout(() => void connect(work), LIMITS.hepOutRetryMs);
  }
}

/** It may be closed while an address is looked up. */
const isClosed = ({ closed }: Work): boolean => closed;

function give(work: Work, socket: Socket, packet: Buffer): void {
  work.underWay += 1;
  socket.send(packet, (error) => {
    work.underWay -= 1;
    if (error === null) {
      work.counts.sent += 1;
      return;
    }
    work.counts.dropped += 1;
    note(work, error);
  });
}

/** What is more than the server is told of in a second, or waits already. */
function isTooMuch(work: Work): boolean {
  const now = work.options.nowMs();
  if (now - work.secondBeganMs >= 1_000) {
    work.secondBeganMs = now;
    work.messagesInSecond = 0;
  }
  work.messagesInSecond += 1;
  return (
    work.messagesInSecond > LIMITS.hepOutPerSecondMax ||
    work.waiting.length + work.underWay >= LIMITS.hepOutWaitingMax
  );
}

/** Says each trouble once for as long as it lasts. */
function note(work: Work, { message }: Error): void {
  const { host, port, say, nowMs } = work.options;
  if (work.problem?.words !== safeText(message) || !isRecent(work)) {
    say(`SIP cannot be told to ${host} port ${port}: ${safeText(message)}`);
  }
  work.problem = { words: safeText(message), atMs: nowMs() };
}

const isRecent = ({ problem, options }: Work): boolean =>
  problem !== null && options.nowMs() - problem.atMs <= LIMITS.hepOutTroubleMs;
