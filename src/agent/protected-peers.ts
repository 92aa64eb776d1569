import { networkInterfaces } from 'node:os';
import { canonicalAddress, cidrOf } from '../core/model/address.js';
import type { ProtectedPeer } from '../core/model/block.js';

/**
 * The peers never to be blocked: what the configuration names, loopback, and this host's own
 * addresses, so that a packet forged in the name of the PBX cannot make it block itself.
 */
export function gatherProtectedPeers(configured: readonly string[]): readonly ProtectedPeer[] {
  const named = configured.map((target) => ({ target, from: 'configuration: protect' }));
  const loopback = ['127.0.0.0/8', '::1/128'].map((target) => ({ target, from: 'loopback' }));
  return [...named, ...loopback, ...ownAddresses()];
}

function ownAddresses(): readonly ProtectedPeer[] {
  const peers: ProtectedPeer[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, internal } of addresses ?? []) {
      const canonical = internal ? null : canonicalAddress(address);
      const cidr = canonical === null ? null : cidrOf(canonical, null);
      if (cidr !== null) peers.push({ target: cidr.text, from: `own address on ${name}` });
    }
  }
  return peers;
}
