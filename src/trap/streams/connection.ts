import type { Socket } from 'node:net';
import type { Endpoint, TlsRecord } from '../../core/model/transport.js';
import type { StreamTransport } from '../options.js';

/** One connection, whatever is spoken on it. */
export interface Connection {
  readonly transport: StreamTransport;
  /** The TCP socket below everything; destroying it ends the connection. */
  readonly socket: Socket;
  readonly source: Endpoint;
  readonly local: Endpoint;
  /** Whom it counts for. */
  readonly identity: string;
  readonly shares: readonly Share[];
  /** `handshake`: no message can come yet. */
  phase: 'handshake' | 'open';
  tls: TlsRecord | null;
  /** A web page opened it. */
  webPage: boolean;
  /** When the message or handshake under way began; null: idle. */
  begunAtUs: number | null;
  lastByteAtUs: number;
  /** When the last message came; before the first: when it was accepted. */
  heardAtUs: number;
  heard: boolean;
  pendingBytes: number;
  /** What came and belongs to no whole message, when the connection ends; null: nothing. */
  takeRest: () => Buffer | null;
}

/**
 * Connections that count together against one bound: all of a trap, those with TLS, of a network, of
 * a source. Each kind in the order of its last message: the first is the first to go.
 */
export interface Share {
  /** As it is told: `from 203.0.113.7`. */
  readonly words: string;
  readonly countMax: number;
  /** Never gave a message, in the order of connecting. */
  readonly silent: Set<Connection>;
  readonly heard: Set<Connection>;
}

export interface Shares {
  readonly all: Share;
  /** By the words of each; gone with its last connection. */
  readonly named: Map<string, Share>;
}
