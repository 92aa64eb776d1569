import type { Cidr } from '../common/address.js';
import {
  leavesTrap,
  type Block,
  type ProtectedPeer,
  type Scope,
  type Verdict,
} from '../model/block.js';
import { identityCidr } from '../model/identity.js';
import type { Proof } from '../model/proof.js';
import type { Score, Sighting } from '../model/sighting.js';
import { blocksCovering, createBlockTable, isEnded, type BlockTable } from './block-table.js';
import { admitUnproven, createBreaker, type Breaker } from './breaker.js';
import { identitiesOf } from './identities.js';
import { createOffenders, noteOffender, type Offenders } from './offenders.js';
import type { BlockPolicy } from './policy.js';
import { createProtectTable, findProtected, type ProtectTable } from './protect.js';
import { endsSoon, keepClosed, scopeFor } from './scopes.js';
import { createReturns, returnsOf, type Returns } from './returns.js';
import type { Sites } from './sites.js';
import type { Suspect, Suspects } from './suspects.js';

export interface BlockState {
  readonly table: BlockTable;
  readonly returns: Returns;
  readonly breaker: Breaker;
  readonly offenders: Offenders;
  readonly suspects: Suspects;
  readonly sites: Sites;
  readonly protect: ProtectTable;
  /** The last packet from a source that the firewall should have dropped; null: none. */
  stillTalking: { readonly source: string; readonly target: string; readonly atUs: number } | null;
  /** Blocks not made because `max_blocks` was reached. */
  refusedFull: number;
  nextBlockId: number;
}

/** The state of an agent that has blocked nobody, but for what `known` says. */
export const createBlockState = (known: Partial<BlockState> = {}): BlockState => ({
  table: createBlockTable(),
  returns: createReturns(),
  breaker: createBreaker(),
  offenders: createOffenders(),
  suspects: new Map(),
  sites: new Map(),
  protect: createProtectTable([]),
  stillTalking: null,
  refusedFull: 0,
  nextBlockId: 1,
  ...known,
});

/** What the decision is about: a source, its standing, and what was just seen of it. */
export interface Accusation {
  readonly source: string;
  readonly score: Score;
  /** Of the event that was just seen; of a suspect that goes on, those that made it one. */
  readonly sightings: readonly Sighting[];
  /** Proof of the event that was just seen. */
  readonly proof: Proof;
  /** A rule sees a flood of it that harms the trap itself. */
  readonly flooding: boolean;
  /** What is known of the source if no address was ever proven; counted here by the breaker. */
  readonly suspect: Suspect;
}

/**
 * Decides what a source's score means now. Changes nothing but the breaker's count and the memory
 * of offenders; the caller puts a decided block into the table.
 */
export function decide(
  state: BlockState,
  policy: BlockPolicy,
  accusation: Accusation,
  nowUs: number,
): Verdict {
  const { source, score, sightings } = accusation;
  if (score.total <= 0) return { kind: 'ignore' };
  if (score.total < policy.threshold || sightings.length === 0) return { kind: 'watch' };
  const target = identityCidr(identitiesOf(policy, state.protect), source);
  const peer = findProtected(state.protect, target);
  if (peer !== null) return { kind: 'protected', peer };
  // The event that tips the scale must be proven too: a forged packet never makes a hard block.
  const proven = score.proven >= policy.threshold && accusation.proof !== 'none';
  const covering = blocksCovering(state.table, source, nowUs);
  const { flooding } = accusation;
  const scope = scopeFor(policy, { proven, flooding, covering });
  if (scope === 'none') return { kind: 'watch' };
  const enough = { scope, proven, observing: policy.observing, nowUs };
  const standing = covering.filter((block) => isEnough(block, enough));
  if (standing.length > 0) return coveredBy(standing);
  if (isFull(state, policy, target)) return { kind: 'watch' };
  if (!proven && !mayAccuse(state, policy, target, accusation, nowUs)) return { kind: 'suspect' };
  const wide = proven ? widen(state, policy, target, nowUs) : null;
  const basis = basisOf(state, wide, wide?.network ?? target, score, proven);
  const sentence = { target: wide?.network ?? target, scope, proven, nowUs, basis };
  return { kind: 'block', block: makeBlock(state, policy, accusation, sentence) };
}

interface Enough {
  readonly scope: Scope;
  readonly proven: boolean;
  readonly observing: boolean;
  readonly nowUs: number;
}

/** True when a block already does what a new one of this scope would: nothing to add. */
export function isEnough(block: Block, { scope, proven, observing, nowUs }: Enough): boolean {
  if (block.simulated && !observing) return false;
  // Who is heard while he is blocked is blocked anew before that ends; a forged packet never
  // prolongs a proven block.
  const goesOn = scope === 'beside' && (proven || block.proof === 'none');
  if (goesOn && block.scope === 'beside' && endsSoon(block, nowUs)) return false;
  if (!isAsClosed(block.scope, scope)) return false;
  return !proven || block.proof !== 'none' || block.origin !== 'detector';
}

/** Where proven sources are to be heard, less certain evidence does not shut the trap to one of them. */
const isAsClosed = (stands: Scope, wanted: Scope): boolean =>
  stands === 'all' || stands === wanted || (stands === 'beside' && wanted === 'sip');

/** A simulated block stops nobody, so that nothing is laid to it. */
export function coveredBy(standing: readonly Block[]): Verdict {
  const real = standing.filter(({ simulated }) => !simulated);
  if (real.length === 0) return { kind: 'watch' };
  const proven = real.some(({ proof }) => proof !== 'none');
  return { kind: 'covered', proven, heard: real.every(leavesTrap) };
}

export function isFull(state: BlockState, policy: BlockPolicy, target: Cidr): boolean {
  const { byTarget } = state.table;
  if (byTarget.has(target.text) || byTarget.size < policy.blocksMax) return false;
  state.refusedFull += 1;
  return true;
}

/**
 * Whether a source may be blocked without proof. Nobody else sent this event where it is proven. One
 * packet is forged in a moment: it takes a second, different one, and in a storm many answered ones.
 */
function mayAccuse(
  { breaker }: BlockState,
  policy: BlockPolicy,
  target: Cidr,
  { proof, suspect }: Accusation,
  nowUs: number,
): boolean {
  if (proof !== 'none') return true;
  if (suspect.messages < 2) return false;
  const candidate = { target, isNew: !suspect.counted, answered: suspect.answered };
  suspect.counted = true;
  return admitUnproven(breaker, candidate, policy.newUnprovenPerMinuteMax, nowUs);
}

type Wide = ReturnType<typeof noteOffender>;

/** The network to block instead of one target; never one that holds a protected peer. */
function widen(state: BlockState, policy: BlockPolicy, target: Cidr, nowUs: number): Wide {
  const wide = noteOffender(state.offenders, target, policy, nowUs);
  return wide === null || findProtected(state.protect, wide.network) !== null ? null : wide;
}

/** What a block rests on beside its leading sighting, in words. */
function basisOf(
  { returns }: BlockState,
  wide: Wide,
  target: Cidr,
  score: Score,
  proven: boolean,
): string {
  const points = Math.round(proven ? score.proven : score.total);
  const others = wide === null ? '' : `; ${wide.count} proven sources of ${target.text}`;
  const returned = proven ? returnsOf(returns, target.text) : 0;
  return `${points} points${returned > 0 ? `, return ${returned}` : ''}${others}`;
}

interface Sentence {
  readonly target: Cidr;
  readonly scope: Scope;
  readonly proven: boolean;
  readonly nowUs: number;
  readonly basis: string;
}

export function makeBlock(
  state: BlockState,
  policy: BlockPolicy,
  { sightings, proof }: Pick<Accusation, 'sightings' | 'proof'>,
  { target, scope, proven, nowUs, basis }: Sentence,
): Block {
  const leading = leadingSighting(sightings);
  const returns = proven ? returnsOf(state.returns, target.text) : 0;
  const durationS = proven ? durationOf(policy, returns) : policy.unprovenDurationS;
  const before = state.table.byTarget.get(target.text);
  return {
    id: state.nextBlockId,
    target: target.text,
    scope: keepClosed(before, scope, nowUs),
    origin: 'detector',
    proof: proven ? proof : 'none',
    rule: leading.rule,
    attackType: leading.attackType,
    reason: `${leading.reason} (${basis})`,
    createdAtUs: nowUs,
    expiresAtUs: laterEnd(before, nowUs, durationS),
    simulated: policy.observing,
    forced: false,
  };
}

/** A decision never shortens what stands for the same target, such as a block by hand. */
function laterEnd(before: Block | undefined, nowUs: number, durationS: number): number | null {
  const endUs = nowUs + durationS * 1_000_000;
  if (before === undefined || before.simulated || isEnded(before, nowUs)) return endUs;
  return before.expiresAtUs === null ? null : Math.max(before.expiresAtUs, endUs);
}

/** Seconds of a proven block after `returns` earlier ones. */
export function durationOf(policy: BlockPolicy, returns: number): number {
  return Math.min(policy.durationMaxS, policy.durationS * policy.durationFactor ** returns);
}

/** The sighting that gave most points names the block; the first of equals. */
function leadingSighting(sightings: readonly Sighting[]): Sighting {
  const [first, ...rest] = sightings;
  if (first === undefined) throw new Error('a block needs a sighting');
  return rest.reduce((best, sighting) => (sighting.points > best.points ? sighting : best), first);
}

/** Why a target may not be blocked, or null. Asserted again where the firewall change is planned. */
export const protectedBy = (state: BlockState, target: Cidr): ProtectedPeer | null =>
  findProtected(state.protect, target);
