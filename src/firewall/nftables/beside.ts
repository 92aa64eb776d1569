import { isIPv4 } from 'node:net';
import { portTexts } from './element.js';
import type { TrapSockets } from '../port.js';

/**
 * Scope `beside` closes everything but the trap's own sockets. What is delivered to them is only
 * certain after destination NAT and routing, so its drops sit in the hooks behind those: `input`, where
 * the trap's sockets are let through first, and `forward`, where nothing is the trap's. A container or
 * a virtual machine on the port of the trap is closed so, a port that a rule of the operator's leads to the
 * trap is open. As with scope `all`, established flows are cut as well.
 */

export const NEIGHBOUR_DISCOVERY =
  'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, ' +
  'nd-neighbor-advert, nd-redirect } accept';

/** The chains by name, each with its lines. */
export const besideChains = (trap: TrapSockets): readonly (readonly [string, string[]])[] => [
  ['beside', [NEIGHBOUR_DISCOVERY, 'jump protect', 'jump drop_beside']],
  ['input', [hook('input'), ...trapRules(trap), 'jump beside']],
  ['forward', [hook('forward'), 'jump beside']],
];

// mangle is -150: before the filters of others, which accept established flows.
const hook = (name: string): string => `type filter hook ${name} priority mangle; policy accept`;

/** Lets the trap's own sockets through; the rules of others still see the packet. */
export function trapRules({ udpPorts, tcpPorts, addresses }: TrapSockets): string[] {
  const ports = [
    ['udp', udpPorts],
    ['tcp', tcpPorts],
  ] as const;
  return (['ip', 'ip6'] as const).flatMap((family) => {
    const own = addresses.filter((address) => isIPv4(address) === (family === 'ip'));
    if (own.length === 0) return [];
    const isWild = own.some((address) => address === '0.0.0.0' || address === '::');
    const version = `meta nfproto ${family === 'ip' ? 'ipv4' : 'ipv6'}`;
    const to = isWild ? version : `${family} daddr { ${own.join(', ')} }`;
    return ports.flatMap(([transport, each]) =>
      each.length === 0
        ? []
        : [`${to} ${transport} dport { ${portTexts(each).join(', ')} } accept`],
    );
  });
}
