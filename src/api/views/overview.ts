import type { KnownOf } from './source.js';
import type { SeenNetwork } from '../../store/read/read-networks.js';
import type { TriedPassword } from '../../store/read/read-passwords.js';
import type { Charted, CountedSeries, BarSpan } from '../../store/read/read-stats.js';
import { formatTime } from '../views.js';

/** Counts by hour or day, of each value by itself. */
export interface SeriesView {
  readonly of: Charted;
  readonly span: BarSpan;
  /** When each hour or day began, oldest first. */
  readonly began_at: readonly string[];
  /** Most frequent first, with one count for each of `began_at`. */
  readonly values: CountedSeries['values'];
}

export interface NetworksListing {
  readonly networks: readonly {
    /** As CIDR: an IPv4 /24, or an IPv6 /48. */
    readonly network: string;
    readonly sources: number;
    readonly messages: number;
    readonly last_seen_at: string;
    readonly asn: number | null;
    readonly organisation: string | null;
    readonly country: string | null;
  }[];
  readonly since: string;
  readonly limit: number;
}

export interface PasswordsListing {
  readonly passwords: readonly {
    readonly password: string;
    readonly tries: number;
    /** Distinct user names it was tried for, and distinct addresses that tried it. */
    readonly users: number;
    readonly sources: number;
    readonly last_seen_at: string;
  }[];
  /** Passwords that were tried, each counted once for a source and a user, and those that are known. */
  readonly tried: number;
  readonly known: number;
  readonly since: string;
  readonly limit: number;
}

export const seriesView = (
  of: Charted,
  span: BarSpan,
  { beganAtUs, values }: CountedSeries,
): SeriesView => ({ of, span, began_at: beganAtUs.map(formatTime), values });

export const networkView = (
  { network, sources, messages, lastAtUs }: SeenNetwork,
  { asn, organisation, country }: Omit<KnownOf, 'reverseName'>,
): NetworksListing['networks'][number] => ({
  network,
  sources,
  messages,
  last_seen_at: formatTime(lastAtUs),
  asn,
  organisation,
  country,
});

export const passwordView = ({
  lastAtUs,
  ...password
}: TriedPassword): PasswordsListing['passwords'][number] => ({
  ...password,
  last_seen_at: formatTime(lastAtUs),
});
