import { cidrOf, type Cidr } from '../common/address.js';
import { SITE_PREFIX } from '../detect/fields/networks.js';
import type { Verdict } from '../model/block.js';
import { identityCidr } from '../model/identity.js';
import type { Proof } from '../model/proof.js';
import type { Sighting } from '../model/sighting.js';
import { blocksCovering } from './block-table.js';
import { admitUnproven } from './breaker.js';
import { coveredBy, isEnough, isFull, makeBlock, type BlockState } from './decide.js';
import { identitiesOf } from './identities.js';
import type { BlockPolicy } from './policy.js';
import { findProtected } from './protect.js';
import { scopeFor } from './scopes.js';
import type { Site } from './sites.js';

/** What the decision is about: a site that has shown enough, and the source it was heard from now. */
export interface SiteAccusation {
  readonly source: string;
  readonly site: Site;
  /** Why: what names the block. */
  readonly sightings: readonly Sighting[];
  readonly proven: boolean;
  /** A rule sees a flood that harms the trap itself. */
  readonly flooding: boolean;
  /** Proof of the event that was just seen. */
  readonly proof: Proof;
}

/**
 * Decides about a site as a whole. Where it may not be blocked as one (a protected peer lives there, or
 * the settings say never), its sources are blocked as they come. Without proof the SIP ports alone are
 * closed to it, whatever `unproven` says: what names it can be forged.
 */
export function decideSite(
  state: BlockState,
  policy: BlockPolicy,
  { source, site, sightings, proven, flooding, proof }: SiteAccusation,
  nowUs: number,
): Verdict {
  const alone = identityCidr(identitiesOf(policy, state.protect), source);
  // A protected peer did nothing to be told of as spared.
  if (findProtected(state.protect, alone) !== null) return { kind: 'watch' };
  if (policy.unproven === 'none' && !proven) return { kind: 'watch' };
  const covering = blocksCovering(state.table, source, nowUs);
  const settings = { scope: policy.scope, unproven: 'sip' } as const;
  const scope = scopeFor(settings, { proven, flooding, covering });
  if (scope === 'none') return { kind: 'watch' };
  const enough = { scope, proven, observing: policy.observing, nowUs };
  const standing = covering.filter((block) => isEnough(block, enough));
  if (standing.length > 0) return coveredBy(standing);
  const target = wholeSite(state, policy, source) ?? alone;
  if (isFull(state, policy, target)) return { kind: 'watch' };
  const candidate = { target, isNew: true, answered: site.answered.total };
  const { newUnprovenPerMinuteMax } = policy;
  if (!proven && !admitUnproven(state.breaker, candidate, newUnprovenPerMinuteMax, nowUs)) {
    return { kind: 'suspect' };
  }
  const { total, bySource } = proven ? site.answeredProven : site.answered;
  const basis = `${total} messages of ${bySource.size} sources of ${site.network}`;
  const sentence = { target, scope, proven, nowUs, basis };
  return { kind: 'block', block: makeBlock(state, policy, { sightings, proof }, sentence) };
}

/** What is blocked at once around a source, never more than the site; null: nothing but the source. */
function wholeSite(state: BlockState, policy: BlockPolicy, source: string): Cidr | null {
  if (policy.prefixBlockSources === 0) return null;
  const length = Math.max(policy.prefixBlockIpv6, SITE_PREFIX);
  const network = length < policy.prefixIpv6 ? cidrOf(source, length) : null;
  return network === null || findProtected(state.protect, network) !== null ? null : network;
}
