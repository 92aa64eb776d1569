import type { Detection } from '../detect/detect.js';
import { networkOf } from '../detect/fields/networks.js';
import type { TrapEvent } from '../model/event.js';
import { LIMITS } from '../common/limits.js';
import type { Sighting } from '../model/sighting.js';
import type { BlockPolicy } from './policy.js';
import { ACCUSING_PART } from './suspects.js';

/**
 * What an IPv6 site sent in which a rule sees an attack. Whoever holds a /48 has a new source for each
 * message, so that none of them ever does enough: what tells is what they do together. An IPv4 network
 * has too many owners for that.
 */
export interface Site {
  readonly network: string;
  readonly sinceUs: number;
  /** Why: those of the last message for which a rule fired. */
  sightings: readonly Sighting[];
  /** Such messages that we answered, and those in which a rule that counts proven sources saw too many. */
  readonly answered: Tally;
  readonly answeredProven: Tally;
}

/** Messages, a few of each source: one that goes on as it always does must not stand for its site. */
interface Tally {
  total: number;
  readonly bySource: Map<string, number>;
}

/** Sites by their network, the one heard last at the end; the first goes at the bound. */
export type Sites = Map<string, Site>;

const { max, keptS, answeredMin, answeredOfSourceMax } = LIMITS.sites;

/** True for a new message of an IPv6 source in which a rule sees an attack of some weight. */
export function tellsOfSite(
  { threshold }: BlockPolicy,
  { retransmission, source }: TrapEvent,
  { pointsSeen, siteSeen }: Detection,
): boolean {
  if (retransmission || !source.address.includes(':')) return false;
  return Math.max(pointsSeen, siteSeen.points) * ACCUSING_PART >= threshold;
}

/** Counts such a message that was answered. */
export function noteSite(
  sites: Sites,
  policy: BlockPolicy,
  event: TrapEvent,
  identity: string,
  { sightings, siteSeen }: Detection,
  nowUs: number,
): void {
  const site = findSite(sites, event.source.address, nowUs) ?? newSite(event.source.address, nowUs);
  sites.delete(site.network);
  sites.set(site.network, site);
  const [first] = sites.keys();
  if (sites.size > max && first !== undefined) sites.delete(first);
  if (sightings.length > 0) site.sightings = sightings;
  count(site.answered, identity);
  if (isProvenSite(policy, event, siteSeen)) count(site.answeredProven, identity);
}

function count(tally: Tally, source: string): void {
  const known = tally.bySource.get(source) ?? 0;
  if (known >= answeredOfSourceMax || tally.total >= answeredMin) return;
  tally.bySource.set(source, known + 1);
  tally.total += 1;
}

/** What is known of the site around an address; null: nothing, or nothing any more. */
export function findSite(sites: Sites, address: string, nowUs: number): Site | null {
  const network = networkOf(address);
  const known = sites.get(network);
  if (known === undefined) return null;
  if (nowUs - known.sinceUs < keptS * 1_000_000) return known;
  sites.delete(network);
  return null;
}

const newSite = (address: string, sinceUs: number): Site => ({
  network: networkOf(address),
  sinceUs,
  sightings: [],
  answered: { total: 0, bySource: new Map() },
  answeredProven: { total: 0, bySource: new Map() },
});

/** Whether a message that tells of its site may have the site blocked, and how far. */
export function guiltOf(
  { answered, answeredProven }: Site,
  policy: BlockPolicy,
  event: TrapEvent,
  { siteSeen }: Detection,
): 'none' | 'unproven' | 'proven' {
  if (answered.total < answeredMin) return 'none';
  const isProven = answeredProven.total >= answeredMin && isProvenSite(policy, event, siteSeen);
  return isProven ? 'proven' : 'unproven';
}

/** Forged messages fill the count of all sources, and no count of proven ones. */
const isProvenSite = (
  { threshold }: BlockPolicy,
  { proof }: TrapEvent,
  { pointsProven }: Detection['siteSeen'],
): boolean => proof !== 'none' && pointsProven >= threshold;
