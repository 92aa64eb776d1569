/** How a packet came in. `ws` and `wss` are SIP over WebSocket (RFC 7118). */
export type Transport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** One side of a packet. `address` is canonical text (see address.ts), `port` 0–65535. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
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
}
