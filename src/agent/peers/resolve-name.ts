import { lookup, Resolver } from 'node:dns/promises';
import { canonicalAddress } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';

/** SRV names under which SIP servers of a domain are found (RFC 3263 section 4.1). */
const SERVICES = ['_sip._udp', '_sip._tcp', '_sips._tcp'];

/**
 * All addresses of a host name: A and AAAA, and those of the servers that its SIP SRV records name.
 * Rejects when nothing could be resolved, or not in time.
 */
export async function resolveName(name: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: LIMITS.resolveMsMax / 2, tries: 1 });
  const servers = await Promise.all(
    // Most names have no SRV record, which is an error to the resolver and none to us.
    SERVICES.map((service) => resolver.resolveSrv(`${service}.${name}`).catch(() => [])),
  );
  const names = [name, ...new Set(servers.flat().map((server) => server.name.toLowerCase()))];
  // lookup() asks what this host asks, /etc/hosts too.
  const found = await Promise.allSettled(
    names.map((each) => inTime(lookup(each, { all: true, verbatim: true }))),
  );
  const addresses = found
    .flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    .flatMap(({ address }) => canonicalAddress(address) ?? []);
  const [first] = found;
  if (addresses.length === 0 && first?.status === 'rejected') throw first.reason;
  return [...new Set(addresses)].slice(0, LIMITS.protectedAddressesPerNameMax);
}

/** The addresses of a host alone, in the system's order. Rejects like resolveName. */
export async function resolveHost(name: string): Promise<readonly string[]> {
  const found = await inTime(lookup(name, { all: true, verbatim: true }));
  return found.flatMap(({ address }) => canonicalAddress(address) ?? []);
}

function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`not resolved within ${LIMITS.resolveMsMax} ms`));
    }, LIMITS.resolveMsMax);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
