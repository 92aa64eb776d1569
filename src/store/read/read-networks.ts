import { cidrOf } from '../../core/common/address.js';
import { LIMITS } from '../../core/common/limits.js';
import { boundLimit } from './read-events.js';
import type { Database } from '../database/sqlite.js';

/** A network with what its sources sent: an IPv4 /24, or an IPv6 /48, which is what one site gets. */
export interface SeenNetwork {
  readonly network: string;
  /** Those that were heard since then, and their messages of all times. */
  readonly sources: number;
  readonly messages: number;
  readonly lastAtUs: number;
  /** One of its addresses. */
  readonly address: string;
}

export interface NetworkQueries {
  /** Most messages first. Of IPv6 the sources with the most messages alone are looked at. */
  listNetworks(page: { readonly sinceUs: number; readonly limit: number }): Promise<SeenNetwork[]>;
}

type Row = Omit<SeenNetwork, 'network'>;

const IPV4_BITS = 24;
const IPV6_BITS = 48;

export const createNetworkQueries = (database: Database): NetworkQueries => ({
  listNetworks: async ({ sinceUs, limit }) => {
    // Without its last digits an IPv4 address in canonical text is its /24.
    const four = await database.all<Row>(
      `SELECT min(source) AS address, count(*) AS sources, sum(messages) AS messages,
         max(last_at_us) AS lastAtUs
       FROM sources WHERE last_at_us >= ? AND source NOT LIKE '%:%'
       GROUP BY rtrim(source, '0123456789') ORDER BY messages DESC, address LIMIT ?`,
      [sinceUs, boundLimit(limit)],
    );
    const six = await database.all<Row>(
      `SELECT source AS address, 1 AS sources, messages, last_at_us AS lastAtUs
       FROM sources WHERE last_at_us >= ? AND source LIKE '%:%' ORDER BY messages DESC LIMIT ?`,
      [sinceUs, LIMITS.networkSourcesReadMax],
    );
    return joinNetworks([...four, ...six]).slice(0, limit);
  },
});

function joinNetworks(rows: readonly Row[]): SeenNetwork[] {
  const found = new Map<string, SeenNetwork>();
  for (const row of rows) {
    const bits = row.address.includes(':') ? IPV6_BITS : IPV4_BITS;
    const network = cidrOf(row.address, bits)?.text ?? row.address;
    const before = found.get(network);
    found.set(network, {
      network,
      address: before?.address ?? row.address,
      sources: (before?.sources ?? 0) + row.sources,
      messages: (before?.messages ?? 0) + row.messages,
      lastAtUs: Math.max(before?.lastAtUs ?? 0, row.lastAtUs),
    });
  }
  return [...found.values()].sort(
    (a, b) => b.messages - a.messages || (a.network < b.network ? -1 : 1),
  );
}
