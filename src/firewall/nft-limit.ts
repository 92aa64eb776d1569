/**
 * Rate limiting of the SIP ports while a spoofing storm is on. Forged sources come once each, so a
 * meter for each source alone would let them all through: the sum of new flows is limited as well.
 * Established flows and answers (conntrack) and protected peers are not touched.
 */

const SOURCES_MAX = 65_535;
/** A source gets this part of the whole. */
const SOURCE_SHARE = 10;

/** The meters. A meter that is full lets a source through, and the limit of the sum still holds. */
export const limitSets = (): readonly string[] => [
  ` set limit_ipv4 { type ipv4_addr; size ${SOURCES_MAX}; flags dynamic,timeout; timeout 10s; }`,
  ` set limit_ipv6 { type ipv6_addr; size ${SOURCES_MAX}; flags dynamic,timeout; timeout 10s; }`,
];

export function limitChainRules(rate: number): readonly string[] {
  const share = Math.max(1, Math.floor(rate / SOURCE_SHARE));
  const over = `limit rate over ${share}/second burst ${share} packets`;
  return [
    `update @limit_ipv4 { ip saddr ${over} } counter drop`,
    `update @limit_ipv6 { ip6 saddr & ffff:ffff:ffff:ffff:: ${over} } counter drop`,
    `ct state new limit rate over ${rate}/second burst ${rate} packets counter drop`,
  ];
}

/** Turns the limit on or off in a table that stands. */
export const buildLimitScript = (table: string, on: boolean, rate: number): string =>
  [
    `flush chain inet ${table} limit_sip`,
    ...(on ? limitChainRules(rate).map((rule) => `add rule inet ${table} limit_sip ${rule}`) : []),
    '',
  ].join('\n');
