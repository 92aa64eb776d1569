import { Resolver } from 'node:dns/promises';
import { LIMITS } from '../core/common/limits.js';
import { quoteText } from '../core/common/text.js';

export interface ReverseNameOptions {
  readonly msMax?: number;
  /** ADDRESS:PORT of the servers to ask; null: those of this host. */
  readonly servers?: readonly string[] | null;
}

/**
 * The name that DNS has for an address; null when there is none, or none in time. Whoever owns the
 * address writes that name: it proves nothing and is escaped.
 */
export async function findReverseName(
  address: string,
  { msMax = LIMITS.reverseNameMsMax, servers = null }: ReverseNameOptions = {},
): Promise<string | null> {
  const resolver = new Resolver({ timeout: msMax, tries: 1 });
  if (servers !== null) resolver.setServers(servers);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      resolver.cancel();
      resolve(null);
    }, msMax);
  });
  try {
    return await Promise.race([tooLate, askName(resolver, address)]);
  } finally {
    clearTimeout(timer);
  }
}

async function askName(resolver: Resolver, address: string): Promise<string | null> {
  try {
    const [name] = await resolver.reverse(address);
    return name === undefined ? null : quoteText(name);
  } catch {
    // No name, no resolver and no answer all come to the same: nothing is known.
    return null;
  }
}
