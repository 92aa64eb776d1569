/** An IPv6 site, as networks are given out: a /48, of three groups. */
const SITE_GROUPS = 3;
export const SITE_PREFIX = SITE_GROUPS * 16;

/**
 * The network around an address, as text: an IPv4 /24, or an IPv6 /48, which holds many sources as
 * we count them. `address` is canonical text (model/address.ts). Counting calls this for each event,
 * so it cuts text instead of computing with bytes.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return networkOf4(address);
  const gap = address.indexOf('::');
  const head = (gap === -1 ? address : address.slice(0, gap)).split(':');
  const tail = gap === -1 ? [] : address.slice(gap + 2).split(':');
  const filled = [...head.filter((part) => part !== '')];
  const given = tail.filter((part) => part !== '');
  while (gap !== -1 && filled.length + given.length < 8) filled.push('0');
  return `${[...filled, ...given].slice(0, SITE_GROUPS).join(':')}::/${SITE_PREFIX}`;
}

/** The last address asked for: rules ask for its network several times. */
let last4 = { address: '', network: '' };

function networkOf4(address: string): string {
  if (last4.address !== address) {
    last4 = { address, network: `${address.slice(0, address.lastIndexOf('.'))}.0/24` };
  }
  return last4.network;
}
