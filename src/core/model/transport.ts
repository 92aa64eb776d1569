import type { Noted } from './anomaly.js';

/** How a packet came in. `ws` and `wss` are SIP over WebSocket (RFC 7118). */
export const TRANSPORTS = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** One side of a packet. `address` is canonical text (see address.ts), `port` 0–65535. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** `203.0.113.7:5060`, `[2001:db8::7]:5060`. */
export function endpointText(endpoint: Endpoint): string {
  const { address, port } = endpoint;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What a completed TLS handshake agreed on. `sni`: the server name asked for, escaped text. */
export interface TlsRecord {
  /** As Node names it: `TLSv1.3`. */
  readonly version: string;
  /** As OpenSSL names it: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  readonly sni: string | null;
}

/**
 * Bytes received. For a stream transport one Packet is one framed message.
 * `receivedAtUs`: microseconds since 1970, UTC, when the bytes arrived.
 */
export interface Packet {
  readonly receivedAtUs: number;
  readonly transport: Transport;
  readonly source: Endpoint;
  readonly local: Endpoint;
  readonly bytes: Buffer;
  /** Null or absent where no TLS handshake was completed. */
  readonly tls?: TlsRecord | null;
  /**
   * `failed`: these bytes came in place of the TLS or WebSocket handshake that the port wants, or
   * are what came of a broken one. Nobody is there who could read an answer.
   */
  readonly handshake?: 'failed';
  /** What is odd about how it was carried; absent: nothing. */
  readonly noted?: readonly Noted[];
}
