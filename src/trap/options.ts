import type { Packet, Transport } from '../core/model/transport.js';

/** What this stage can open: a file each, and a line each in open.ts. */
export type TrapTransport = Transport;
/** Those that come over TCP. */
export type StreamTransport = Exclude<Transport, 'udp'>;
/** Those whose port is not the one of UDP and TCP. */
export type OwnPortTransport = 'tls' | 'ws' | 'wss';

/** A certificate, with its chain, and its private key: PEM text. */
export interface TlsMaterial {
  readonly certificate: string;
  readonly key: string;
}

export interface TrapOptions {
  /** IP addresses to listen on; `0.0.0.0` and `::` may stand together. */
  readonly addresses: readonly string[];
  /** Of UDP and TCP. 0 lets the system choose one number for all, which is meant for tests. */
  readonly port: number;
  /** Of the others; absent or 0 as above. */
  readonly ports?: Readonly<Partial<Record<OwnPortTransport, number>>>;
  readonly transports: readonly TrapTransport[];
  /** For `tls` and `wss`, which cannot be opened without it. */
  readonly tls?: TlsMaterial | null;
  /** Microseconds since 1970, UTC. */
  nowUs(): number;
  /** Whom a source counts as, by its address; left out: the address itself, of IPv6 its /64. */
  identityOf?(address: string): string;
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
  /** Of them: TLS, in handshake or after it. */
  readonly tlsConnectionsOpen: number;
  /** Connections closed at once: unfinished messages hold too much, or not acceptable. */
  readonly connectionsRefused: number;
  /** Connections closed to make room for new ones, those first that never said anything. */
  readonly connectionsEvicted: number;
  /** Silent connections and runs of keep-alives beyond what is told of one source in a second. */
  readonly quietEventsThinned: number;
  /** Connections closed because a message did not end in time, or nothing came for long. */
  readonly connectionsTimedOut: number;
  /** TLS or WebSocket handshakes that were broken, were none, or did not end in time. */
  readonly handshakesFailed: number;
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
  /**
   * Seconds in which this process had no file descriptor left. In such a second the system library
   * closes new connections itself, and tells nobody how many.
   */
  readonly secondsWithoutDescriptors: number;
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
  /** Connections that are taken at once: the limit, or what the descriptors allow. */
  readonly connectionsMax: number;
  readonly stats: () => TrapStats;
  /** New TLS handshakes show this certificate. Throws what Node says of one that does not fit. */
  replaceCertificate(material: TlsMaterial): void;
  /**
   * Reads what the kernel still holds, at most 250 ms long, gives it to onPacket, and closes all
   * sockets. Resolves when nothing will be called any more. A second call waits for the same.
   */
  readonly close: () => Promise<void>;
}

/** One open socket, of whatever transport. */
export interface TrapSocket {
  readonly listening: Listening;
  /** Follows changes of this host's addresses; absent where there is nothing to follow. */
  refresh?(): Promise<void>;
  /** Datagrams that the kernel dropped; absent for streams, null when it does not tell. */
  kernelDrops?(): number | null;
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
