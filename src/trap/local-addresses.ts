import { networkInterfaces } from 'node:os';
import { canonicalAddress } from '../core/common/address.js';
import { LIMITS } from '../core/common/limits.js';

export interface LocalAddress {
  /** Canonical text. */
  readonly address: string;
  readonly loopback: boolean;
}

/**
 * This host's addresses of one family that a socket can be bound to as they are; link-local ones
 * need an interface beside them and are left to the wildcard socket. Throws
 * where no descriptor is left.
 */
export function listLocalAddresses(family: 4 | 6): readonly LocalAddress[] {
  const found = new Map<string, LocalAddress>();
  for (const all of Object.values(networkInterfaces())) {
    for (const { address, family: name, internal } of all ?? []) {
      if (name !== `IPv${family}` || /^fe[89ab]/i.test(address)) continue;
      const text = canonicalAddress(address);
      if (text !== null) found.set(text, { address: text, loopback: internal });
    }
  }
  return [...found.values()].slice(0, LIMITS.udpLocalSocketsMax);
}

/**
 * The address that a datagram on the wildcard socket was most likely sent to. Node does not tell;
 * that socket sees only what came to an address that is a few seconds old, or to another of
 * loopback's.
 */
export function guessLocal(
  wildcard: string,
  addresses: readonly LocalAddress[],
  source: string,
): string {
  const fromLoopback = source.startsWith('127.') || source === '::1';
  const likely = addresses.find(({ loopback }) => loopback === fromLoopback);
  return likely?.address ?? wildcard;
}
