import { cidrOf, type Cidr } from '../common/address.js';
import { LIMITS } from '../common/limits.js';
import type { BlockPolicy } from './policy.js';

/**
 * Proven offenders by the network they are in, so that a network from which several attack is
 * blocked as a whole. The least recently changed network is forgotten first at the bound.
 */
export interface Offenders {
  /** Network → target of a block in it → when that was made. */
  readonly byNetwork: Map<string, Map<string, number>>;
}

export const createOffenders = (): Offenders => ({ byNetwork: new Map() });

/**
 * Notes a proven block of `target` and returns the network around it when enough different targets
 * in it were blocked with proof within the window; null otherwise.
 */
export function noteOffender(
  offenders: Offenders,
  target: Cidr,
  policy: BlockPolicy,
  nowUs: number,
): { readonly network: Cidr; readonly count: number } | null {
  if (policy.prefixBlockSources === 0) return null;
  const network = networkAround(target, policy);
  if (network === null) return null;
  const { byNetwork } = offenders;
  const members = byNetwork.get(network.text) ?? new Map<string, number>();
  // Deleting first moves an entry to the end: a Map keeps the order of insertion.
  byNetwork.delete(network.text);
  byNetwork.set(network.text, members);
  members.delete(target.text);
  members.set(target.text, nowUs);
  const sinceUs = nowUs - policy.prefixBlockWindowS * 1_000_000;
  for (const [member, atUs] of members) if (atUs < sinceUs) members.delete(member);
  dropFirst(members, LIMITS.prefixOffendersMax);
  dropFirst(byNetwork, LIMITS.prefixesWatchedMax);
  return members.size >= policy.prefixBlockSources ? { network, count: members.size } : null;
}

function networkAround(target: Cidr, policy: BlockPolicy): Cidr | null {
  const prefix = target.family === 4 ? policy.prefixBlockIpv4 : policy.prefixBlockIpv6;
  if (prefix >= target.prefix) return null;
  return cidrOf(target.text.slice(0, target.text.indexOf('/')), prefix);
}

function dropFirst(map: Map<string, unknown>, sizeMax: number): void {
  if (map.size <= sizeMax) return;
  const first = map.keys().next();
  if (first.done !== true) map.delete(first.value);
}
