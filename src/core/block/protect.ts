import { overlaps, parseCidr, type Cidr } from '../common/address.js';
import type { ProtectedPeer } from '../model/block.js';

/** The peers that are never blocked. A short list, looked at only when a block is to be decided. */
export interface ProtectTable {
  readonly peers: readonly (ProtectedPeer & { readonly cidr: Cidr })[];
}

/** `peers` hold canonical CIDR text; one that is not is the caller's fault and is an assertion. */
export function createProtectTable(peers: readonly ProtectedPeer[]): ProtectTable {
  return {
    peers: peers.map((peer) => {
      const cidr = parseCidr(peer.target);
      if (cidr === null) throw new Error(`protected peer ${peer.target} is no canonical CIDR`);
      return { ...peer, cidr };
    }),
  };
}

/**
 * The first protected peer that shares an address with `target`: blocking a /64 that holds one
 * protected host would cut that host, so an overlap in either direction counts.
 */
export function findProtected(table: ProtectTable, target: Cidr): ProtectedPeer | null {
  return table.peers.find((peer) => overlaps(peer.cidr, target)) ?? null;
}
