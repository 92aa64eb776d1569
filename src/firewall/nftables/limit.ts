import { isIPv4 } from 'node:net';
import type { StormLimit } from '../port.js';

/**
 * Rate limiting of the trap's own UDP socket while a spoofing storm is on: nothing else can be
 * forged, and what a PBX beside the trap is sent is none of its business. Forged sources come once
 * each, so a meter for each source alone would let them all through: the sum of new flows is limited
 * as well. Established flows and answers (conntrack) and protected peers are not touched.
 */

const SOURCES_MAX = 65_535;
/** A source gets this part of the whole. */
const SOURCE_SHARE = 10;

/** The meters. A meter that is full lets a source through, and the limit of the sum still holds. */
export const limitSets = (): readonly string[] => [
  ` set limit_ipv4 { type ipv4_addr; size ${SOURCES_MAX}; flags dynamic,timeout; timeout 10s; }`,
  ` set limit_ipv6 { type ipv6_addr; size ${SOURCES_MAX}; flags dynamic,timeout; timeout 10s; }`,
];

export function limitChainRules({ rate, udpPort, addresses }: StormLimit): readonly string[] {
  const share = Math.max(1, Math.floor(rate / SOURCE_SHARE));
  const over = `limit rate over ${share}/second burst ${share} packets`;
  const all = `limit rate over ${rate}/second burst ${rate} packets`;
  const meters = {
    ip: `update @limit_ipv4 { ip saddr ${over} }`,
    ip6: `update @limit_ipv6 { ip6 saddr & ffff:ffff:ffff:ffff:: ${over} }`,
  };
  return (['ip', 'ip6'] as const).flatMap((family) => {
    const own = addresses.filter((address) => isIPv4(address) === (family === 'ip'));
    if (own.length === 0) return [];
    const isWild = own.some((address) => address === '0.0.0.0' || address === '::');
    const version = `meta nfproto ${family === 'ip' ? 'ipv4' : 'ipv6'}`;
    const to = isWild ? version : `${family} daddr { ${own.join(', ')} }`;
    const fresh = `${to} udp dport ${udpPort} ct state new`;
    return [`${fresh} ${meters[family]} counter drop`, `${fresh} ${all} counter drop`];
  });
}

/** Turns the limit on or off in a table that stands. */
export const buildLimitScript = (table: string, on: boolean, storm: StormLimit): string =>
  [
    `flush chain inet ${table} limit_sip`,
    ...(on ? limitChainRules(storm).map((rule) => `add rule inet ${table} limit_sip ${rule}`) : []),
    '',
  ].join('\n');
