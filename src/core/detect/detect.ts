import { ATTACK_TYPES } from '../model/attack-type.js';
import type { AttackType } from '../model/attack-type.js';
import type { TrapEvent } from '../model/event.js';
import { LIMITS } from '../common/limits.js';
import { isProven } from '../model/proof.js';
import type { Score, Sighting } from '../model/sighting.js';
import { rulesFor } from './rules/compile.js';
import type { RuleSet } from './rules/compile.js';
import { isConditionError } from './rules/condition.js';
import type { Condition } from './rules/condition.js';
import { countEvent, isMute, mute } from './count/count.js';
import { evidenceOf } from './count/evidence.js';
import { lookAt } from './fields/event-view.js';
import { makeRoom, seeNetwork } from './count/groups.js';
import type { Hash } from './fields/hash.js';
import { ASK, FORGETS, HIT_SHIFT, HOLDS } from './rules/match.js';
import type { RulePlan } from './count/plan.js';
import { reasonOf } from './score/reason.js';
import { addPoints, readScore, readScoreAt, spendPoints } from './score/score.js';
import type { ScorePolicy } from './score/score.js';
import { planFor } from './state.js';
import type { DetectState } from './state.js';
import type { Seen } from './count/things.js';

export { compileRules } from './rules/compile.js';
export type { RuleSet } from './rules/compile.js';
export { describeRule } from './rules/describe.js';
export type { ScorePolicy } from './score/score.js';
export { createDetectState, ruleStatus, scoreStatus } from './state.js';
export type { DetectState } from './state.js';

/** A rule that failed on an event, for which it counted as not met; reported once a minute. */
export interface RuleFault {
  readonly rule: string;
  readonly message: string;
}

/** The most points of a rule that tells of the source's IPv6 site, and of one over proven events. */
export interface SiteSeen {
  readonly points: number;
  readonly pointsProven: number;
}

export interface Detection {
  readonly sightings: readonly Sighting[];
  /** The source's score after this event. */
  readonly score: Score;
  /** The most harmful attack that a rule sees in this event, also while the rule is muted. */
  readonly attackType: AttackType | null;
  /**
   * The most points of a rule that sees something in this event, also while the rule is muted. What
   * tells of the source's network alone is in `siteSeen`.
   */
  readonly pointsSeen: number;
  readonly siteSeen: SiteSeen;
  /** Of the firings here: the most messages of the source itself that one rests on; 0: none fired. */
  readonly ownMessages: number;
  /** The same of proven points. */
  readonly pointsProvenSeen: number;
  /** A rule sees a flood that harms the trap itself, also while the rule is muted. */
  readonly flooding: boolean;
  readonly faults: readonly RuleFault[];
}

/**
 * Tries an event on the rules and adds what they give to its source's score. The time is
 * `event.receivedAtUs`; the same events and rules give the same detections. A retransmission is
 * named but neither counted nor scored, unless a rule asks for it. Never throws on account of the event or of a rule.
 */
export function detect(
  state: DetectState,
  ruleSet: RuleSet,
  event: TrapEvent,
  policy: ScorePolicy,
): Detection {
  const nowUs = event.receivedAtUs;
  const { identity = event.source.address } = event;
  const { scores } = state;
  const seen = { nowUs, eventId: event.id };
  const sightings: Sighting[] = [];
  const faults: RuleFault[] = [];
  let harm = -1;
  let pointsSeen = 0;
  let ownMessages = 0;
  let siteSeen = NOTHING_SEEN;
  let pointsProvenSeen = 0;
  let flooding = false;
  lookAt(event, state.seed);
  const plan = planFor(state, ruleSet);
  const source = state.sourceHash();
  const proven = isProven(event.proof);
  const isNetworkOpen = beginEvent(state, source, nowUs);
  const { indexes, match } = rulesFor(ruleSet, event);
  const end = match(hits, 0);
  for (let each = 0; each < end; each += 1) {
    const hit = hits[each] ?? 0;
    const rule = plan.rules[indexes[hit >> HIT_SHIFT] ?? -1];
    if (rule === undefined || (rule.overNetwork && !isNetworkOpen)) continue;
    if (event.retransmission && rule.once && rule.main !== null) continue;
    const found = (hit & ASK) === 0 ? hit : askInterpreter(rule, event, faults);
    if ((found & (HOLDS | FORGETS)) === 0) continue;
    const counted = countEvent(state, rule, seen, proven, (found & FORGETS) !== 0);
    if (counted === null) continue;
    // It is mute for proven events where such ones alone exceeded.
    const byProven = counted === 'exceeded by proven' || (counted === 'mute' && proven);
    if (rule.harm > harm) harm = rule.harm;
    if (rule.floods) flooding = true;
    if (tellsOfSite(rule, event)) siteSeen = seeSite(siteSeen, rule, byProven);
    else {
      const { points, pointsProven } = rule.compiled.rule;
      if (points > pointsSeen) pointsSeen = points;
      if (byProven) pointsProvenSeen = Math.max(pointsProvenSeen, pointsProven);
    }
    if (counted === 'mute' || (event.retransmission && rule.once)) continue;
    const sighting = fire(state, rule, event, seen, byProven);
    if (sighting === null) continue;
    sightings.push(sighting);
    ownMessages = Math.max(ownMessages, ownMessagesOf(rule, sighting));
    addPoints(scores, identity, sighting, policy);
  }
  const score =
    source === null
      ? readScore(scores, identity, nowUs, policy)
      : readScoreAt(scores, source, nowUs, policy);
  lookAt(null);
  const attackType = ATTACK_TYPES[harm] ?? null;
  const seenNow = { pointsSeen, pointsProvenSeen, siteSeen, ownMessages, flooding };
  return { sightings, score, attackType, ...seenNow, faults };
}

const NOTHING_SEEN: SiteSeen = { points: 0, pointsProven: 0 };

/** An IPv4 network has too many owners to be told of as one. */
const tellsOfSite = ({ compiled }: RulePlan, { source }: TrapEvent): boolean =>
  compiled.ofNetwork && source.address.includes(':');

function seeSite(
  { points, pointsProven }: SiteSeen,
  { compiled: { rule } }: RulePlan,
  proven: boolean,
): SiteSeen {
  return {
    points: Math.max(points, rule.points),
    pointsProven: proven ? Math.max(pointsProven, rule.pointsProven) : pointsProven,
  };
}

/** What others of a group sent is no message of the source, but for the share that is its own. */
function ownMessagesOf({ compiled }: RulePlan, { eventIds }: Sighting): number {
  const { count } = compiled.rule;
  if (count === null) return 1;
  return count.by.includes('source') ? eventIds.length : (count.own ?? 1);
}

/** Makes room for what an event may need. True when rules over its network look at it. */
function beginEvent(state: DetectState, source: Hash | null, nowUs: number): boolean {
  const { groups, plan, onForget } = state;
  state.stamp += 1;
  makeRoom(groups, plan.recordsAnEvent, plan.keptUs, nowUs, onForget);
  const network = plan.overNetworks ? state.networkHash() : null;
  return network !== null && source !== null && seeNetwork(groups, network, source, nowUs);
}

/** The score of a source at a moment, by its identity. */
export const scoreOf = (
  state: DetectState,
  identity: string,
  nowUs: number,
  policy: ScorePolicy,
): Score => readScore(state.scores, identity, nowUs, policy);

/** Takes a source's points off, when it is blocked for them; proven ones may still earn a proven block. */
export function spendScore(
  state: DetectState,
  identity: string,
  { keepProven } = { keepProven: false },
): void {
  spendPoints(state.scores, identity, keepProven);
}

/** What the matcher found. One for the whole program: it is used up before anything else can run. */
const hits = new Int32Array(LIMITS.rulesMax);

/** What the matcher leaves: a verdict as its own, from conditions that may fail. */
function askInterpreter(rule: RulePlan, event: TrapEvent, faults: RuleFault[]): number {
  const { count, condition } = rule.compiled;
  const forgets = count?.forgets ?? null;
  if (forgets !== null && holds(forgets, rule, event, faults)) return FORGETS;
  return condition === null || holds(condition, rule, event, faults) ? HOLDS : 0;
}

/**
 * A condition that fails at run time counts as false for this event alone: were the rule put out
 * of force, one crafted packet would switch it off for everybody. The fault is counted each time
 * and reported once a minute.
 */
function holds(
  condition: Condition,
  { state: ruleState, compiled }: RulePlan,
  event: TrapEvent,
  faults: RuleFault[],
): boolean {
  try {
    return condition();
  } catch (error) {
    if (!isConditionError(error)) throw error;
    ruleState.faults += 1;
    ruleState.lastFault = error.message;
    if (ruleState.quietUntilUs <= event.receivedAtUs) {
      ruleState.quietUntilUs = event.receivedAtUs + LIMITS.ruleFaultQuietS * 1e6;
      faults.push({ rule: compiled.rule.id, message: error.message });
    }
    return false;
  }
}

function fire(
  state: DetectState,
  rulePlan: RulePlan,
  event: TrapEvent,
  seen: Seen,
  proven: boolean,
): Sighting | null {
  if (isMute(state, rulePlan, proven, seen)) return null;
  mute(state, rulePlan, proven, seen);
  const { rule } = rulePlan.compiled;
  rulePlan.state.sightings += 1;
  const behind = evidenceOf(state, rulePlan, seen, proven);
  // Proof takes no points away: what of them may block wholly is another question.
  const points = proven ? Math.max(rule.points, rule.pointsProven) : rule.points;
  // What tells of its site is not laid to the one that happened to come next.
  const isLaid = !tellsOfSite(rulePlan, event);
  return {
    atUs: seen.nowUs,
    source: event.source.address,
    rule: rule.id,
    ruleVersion: rule.version,
    attackType: rule.attackType,
    points: isLaid ? points : 0,
    pointsProven: isLaid && proven ? rule.pointsProven : 0,
    reason: reasonOf(rule, event, behind),
    eventIds: behind.eventIds.length === 0 ? [event.id] : behind.eventIds,
  };
}
