import { cidrOf, type Cidr } from '../common/address.js';

/** How many leading bits of an address tell one source from another: `prefix_ipv4`, `prefix_ipv6`. */
export interface SourcePrefixes {
  readonly prefixIpv4: number;
  readonly prefixIpv6: number;
}

/**
 * Who counts as one source. Whoever holds an IPv6 /64 has 2^64 addresses, so that what is counted,
 * scored, answered and blocked is the prefix; in a prefix that holds a protected peer, such as our
 * own, others live as well: there each address is a source of its own, and blocked alone.
 */
export interface Identities extends SourcePrefixes {
  /** The prefixes in which a protected peer is, as canonical CIDR text. */
  readonly shared: ReadonlySet<string>;
}

export const createIdentities = (
  { prefixIpv4, prefixIpv6 }: SourcePrefixes,
  protectedPeers: readonly Cidr[] = [],
): Identities => ({
  prefixIpv4,
  prefixIpv6,
  shared: new Set(
    protectedPeers.flatMap(({ text, family, prefix }) => {
      const length = family === 4 ? prefixIpv4 : prefixIpv6;
      const around = prefix > length ? cidrOf(text.slice(0, text.indexOf('/')), length) : null;
      return around === null ? [] : [around.text];
    }),
  ),
});

/** The network that stands for a source, `address` being canonical text: what a block of it covers. */
export function identityCidr(identities: Identities, address: string): Cidr {
  const isIpv6 = address.includes(':');
  const prefix = isIpv6 ? identities.prefixIpv6 : identities.prefixIpv4;
  const whole = cidrOf(address, prefix);
  if (whole === null) throw new Error(`prefix ${prefix} does not fit ${address}`);
  const alone = identities.shared.has(whole.text) ? cidrOf(address, null) : null;
  return alone ?? whole;
}

/** The last one asked for: each event asks for its own several times. */
let last: { address: string; identities: Identities | null; identity: string } = {
  address: '',
  identities: null,
  identity: '',
};

/** The name by which a source is counted: its address where that stands for itself, else its network. */
export function identityOf(identities: Identities, address: string): string {
  const isIpv6 = address.includes(':');
  if ((isIpv6 ? identities.prefixIpv6 : identities.prefixIpv4) === (isIpv6 ? 128 : 32)) {
    return address;
  }
  if (last.address !== address || last.identities !== identities) {
    const { text, prefix } = identityCidr(identities, address);
    const identity = prefix === (isIpv6 ? 128 : 32) ? address : text;
    last = { address, identities, identity };
  }
  return last.identity;
}
