import type { Packet, Transport } from './transport.js';

/**
 * How we know that the source address of ONE event is real. A UDP source address can be forged;
 * only something that had to travel to that address and back proves it:
 * `nonce` our source-bound digest nonce came back, `dialog` an ACK or BYE carries our To-tag,
 * `tcp` / `tls` the handshake was completed (WebSocket counts as its carrier).
 */
export const PROOFS = ['none', 'nonce', 'dialog', 'tcp', 'tls'] as const;
export type Proof = (typeof PROOFS)[number];

export const isProven = (proof: Proof): boolean => proof !== 'none';

/** What the transport alone proves, before the message is looked at. */
export function transportProof(transport: Transport): Proof {
  switch (transport) {
    case 'udp':
      return 'none';
    case 'tcp':
    case 'ws':
      return 'tcp';
    case 'tls':
    case 'wss':
      return 'tls';
  }
}

/** The transport as far as its handshake got: a TLS handshake that failed proves no more than TCP. */
export function completedTransport(packet: Pick<Packet, 'transport' | 'tls' | 'handshake'>) {
  const { transport, tls = null, handshake } = packet;
  return handshake === 'failed' && tls === null && transport !== 'udp' ? 'tcp' : transport;
}
