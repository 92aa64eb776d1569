import type { Packet } from '../core/model/transport.js';

/** What this stage can open; TLS and WebSocket get files of their own beside udp.ts and tcp.ts. */
export type TrapTransport = 'udp' | 'tcp';

export interface TrapOptions {
  /** IP addresses to listen on; `0.0.0.0` and `::` may stand together. */
  readonly addresses: readonly string[];
  /** 0 lets the system choose one number for all, which is meant for tests. */
  readonly port: number;
  readonly transports: readonly TrapTransport[];
  /** Microseconds since 1970, UTC. */
  nowUs(): number;
  /** Called once for each datagram or framed message, in order of arrival. */
  onPacket(packet: Packet, reply: (bytes: Buffer) => void): void;
  /** One line for a person, now and then: a limit that was met, an error that was survived. */
  onNotice(text: string): void;
}

export interface Listening {
  readonly transport: TrapTransport;
  readonly address: string;
  readonly port: number;
}

/** Counts since the trap was opened. */
export interface TrapStats {
  /** Packets given to onPacket, by transport. */
  readonly received: Readonly<Record<TrapTransport, number>>;
  readonly connectionsOpen: number;
  /** Connections closed at once: too many in all or of one source, or not acceptable. */
  readonly connectionsRefused: number;
  /** Connections closed because a message did not end in time, or nothing came for long. */
  readonly connectionsTimedOut: number;
  /** Streams closed because they could not be cut into messages. */
  readonly framingFailures: number;
  /** Bytes that came on a stream after it had failed. */
  readonly streamBytesIgnored: number;
  readonly keepAlives: number;
  readonly socketErrors: number;
  /** Answers that the system refused to send, for example to port 0. */
  readonly sendErrors: number;
  /** Answers given up because too many waited already. */
  readonly repliesDropped: number;
  /** Datagrams that the kernel dropped for want of buffer; null when it does not tell. */
  readonly kernelDrops: number | null;
}

/** The same counts while they grow, shared by all sockets of one trap. */
export interface TrapCounts extends Writable<Omit<TrapStats, 'received' | 'kernelDrops'>> {
  readonly received: Record<TrapTransport, number>;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface Trap {
  readonly listening: readonly Listening[];
  readonly stats: () => TrapStats;
  /**
   * Reads what the kernel still holds, at most 250 ms long, gives it to onPacket, and closes all
   * sockets. Resolves when nothing will be called any more. A second call waits for the same.
   */
  readonly close: () => Promise<void>;
}

/** One open socket, of whatever transport. */
export interface TrapSocket {
  readonly listening: Listening;
  /** Takes no new peers; those that are there are still read. */
  stopAccepting(): void;
  /** Closes at once; what was read by then is given out before it resolves. */
  readonly close: () => Promise<void>;
}

/** What every socket of a trap shares. */
export interface TrapContext {
  readonly options: TrapOptions;
  readonly counts: TrapCounts;
  /** Passes a notice on, one a minute for each kind, so that a flood cannot fill the log. */
  notice(kind: string, text: string): void;
}
