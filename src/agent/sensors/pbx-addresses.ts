import { networkInterfaces } from 'node:os';
import {
  canonicalAddress,
  cidrOf,
  covers,
  parseCidr,
  type Cidr,
} from '../../core/common/address.js';

const LOOK_EVERY_US = 60_000_000;

/**
 * Says of an address whether the PBX is behind it: by the networks that are named, and where none are,
 * by this host's own addresses, which are looked up once a minute.
 */
export function createIsPbx(
  named: readonly string[],
  nowUs: () => number,
  look: typeof networkInterfaces = networkInterfaces,
): (address: string) => boolean {
  if (named.length > 0) {
    const networks = named.flatMap((text): Cidr[] => {
      const cidr = parseCidr(text);
      return cidr === null ? [] : [cidr];
    });
    return (address) => {
      const cidr = cidrOf(address, null);
      return cidr !== null && networks.some((network) => covers(network, cidr));
    };
  }
  let lookedUs = -Infinity;
  let own: ReadonlySet<string> = new Set();
  return (address) => {
    if (nowUs() - lookedUs >= LOOK_EVERY_US) {
      lookedUs = nowUs();
      own = new Set(ownAddresses(look));
    }
    return own.has(address);
  };
}

const ownAddresses = (look: typeof networkInterfaces): readonly string[] =>
  Object.values(look()).flatMap((all) =>
    (all ?? []).flatMap(({ address }) => canonicalAddress(address) ?? []),
  );
