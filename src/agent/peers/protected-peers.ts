import { messageOf } from '../../core/common/errors.js';
import { cidrOf, parseCidr } from '../../core/common/address.js';
import type { ProtectedPeer } from '../../core/model/block.js';
import { LIMITS } from '../../core/common/limits.js';
import type { StoredPeer } from '../../store/types.js';
import type { Discovery } from './discover-peers.js';

/** Where the peers that are never blocked come from. */
export interface PeerSources {
  /** Of the configuration: canonical CIDR text or host names, and the place they stand at. */
  readonly configured: readonly string[];
  readonly place: string;
  readonly stored: readonly StoredPeer[];
}

export interface PeerBook {
  /** All peers now. A name that cannot be resolved keeps the addresses it had, and that is said. */
  gather(sources: PeerSources, nowUs: number): Promise<readonly ProtectedPeer[]>;
  /** Names without any address at the last look: they protect nobody. */
  unresolved(): readonly string[];
  /** Peers that a command protected, as of the last look. */
  stored(): readonly StoredPeer[];
}

export function createPeerBook(
  discovery: Discovery,
  resolve: (name: string) => Promise<readonly string[]>,
  say: (text: string) => void,
): PeerBook {
  const addresses = new Map<string, readonly string[]>();
  const failing = new Set<string>();
  let lastStored: readonly StoredPeer[] = [];

  const look = async (name: string): Promise<void> => {
    try {
      addresses.set(name, await resolve(name));
      if (failing.delete(name)) say(`protected host ${name} is resolved again`);
    } catch (error) {
      if (failing.has(name)) return;
      failing.add(name);
      const kept = addresses.get(name) ?? [];
      const still = kept.length === 0 ? 'it protects nobody' : `still ${kept.join(', ')}`;
      const cause = messageOf(error);
      say(`protected host ${name} cannot be resolved (${cause}): ${still}`);
    }
  };

  return {
    gather: async ({ configured, place, stored }, nowUs) => {
      lastStored = stored;
      const entries = [
        ...configured.map((name) => ({ name, from: `configuration: protect (${place})` })),
        ...stored.map(({ name, note }) => ({ name, from: `protect add${note && `: ${note}`}` })),
      ];
      const names = new Set(entries.map(({ name }) => name).filter(isName));
      for (const map of [addresses, failing]) {
        for (const name of map.keys()) if (!names.has(name)) map.delete(name);
      }
      await Promise.all([...names].map(look));
      const named = entries.flatMap(({ name, from }) =>
        isName(name)
          ? (addresses.get(name) ?? []).map((each) => ({
              target: hostCidr(each),
              from: `${from} ${name}`,
            }))
          : [{ target: name, from }],
      );
      const all = [...named, ...(await discovery.find(nowUs))];
      return unique(all).slice(0, LIMITS.protectedPeersMax);
    },
    stored: () => lastStored,
    unresolved: () => [...failing].filter((name) => (addresses.get(name) ?? []).length === 0),
  };
}

export const isName = (text: string): boolean => parseCidr(text) === null;

/** `resolve` gives canonical addresses. */
const hostCidr = (address: string): string => cidrOf(address, null)?.text ?? address;

/** One entry a target; the first says where it comes from. */
function unique(peers: readonly ProtectedPeer[]): readonly ProtectedPeer[] {
  const seen = new Map<string, ProtectedPeer>();
  for (const peer of peers) if (!seen.has(peer.target)) seen.set(peer.target, peer);
  return [...seen.values()];
}
