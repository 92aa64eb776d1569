import { ATTACK_TYPES } from '../model/attack-type.js';
import type { AttackType } from '../model/attack-type.js';
import type { TrapEvent } from '../model/event.js';
import { LIMITS } from '../model/limits.js';
import { isProven } from '../model/proof.js';
import type { Score, Sighting } from '../model/sighting.js';
import { rulesFor } from './compile.js';
import type { CompiledRule, RuleSet } from './compile.js';
import { isConditionError } from './condition.js';
import type { Condition } from './condition.js';
import { countEvent } from './count.js';
import type { Counted } from './count.js';
import { lookAt } from './event-view.js';
import { groupKey, openGroup, sourceOf } from './group.js';
import { reasonOf } from './reason.js';
import { addPoints, readScore, spendPoints } from './score.js';
import type { ScorePolicy } from './score.js';
import { statesOf } from './state.js';
import type { DetectState, RuleState } from './state.js';
import { lastEventIds } from './tally.js';

export { compileRules } from './compile.js';
export type { RuleSet } from './compile.js';
export { describeRule } from './describe.js';
export type { ScorePolicy } from './score.js';
export { createDetectState, ruleStatus, scoreStatus } from './state.js';
export type { DetectState } from './state.js';

/** A rule that failed on an event. It is out of force for a while; the others go on. */
export interface RuleFault {
  readonly rule: string;
  readonly message: string;
  readonly mutedUntilUs: number;
}

export interface Detection {
  readonly sightings: readonly Sighting[];
  /** The source's score after this event. */
  readonly score: Score;
  /** The most harmful attack that a rule sees in this event, also while the rule is muted. */
  readonly attackType: AttackType | null;
  readonly faults: readonly RuleFault[];
}

/**
 * Tries an event on the rules and adds what they give to its source's score. The time is
 * `event.receivedAtUs`; the same events and rules give the same detections. A retransmission is
 * named but neither counted nor scored. Never throws on account of the event or of a rule.
 */
export function detect(
  state: DetectState,
  ruleSet: RuleSet,
  event: TrapEvent,
  policy: ScorePolicy,
): Detection {
  const states = statesOf(state, ruleSet);
  const sightings: Sighting[] = [];
  const faults: RuleFault[] = [];
  let worst: AttackType | null = null;
  lookAt(event);
  for (const compiled of rulesFor(ruleSet, event.message.kind, event.message.method)) {
    const ruleState = states[compiled.index];
    if (ruleState === undefined || ruleState.mutedUntilUs > event.receivedAtUs) continue;
    const seen = tryRule(state, ruleState, compiled, event, faults);
    if (seen === null) continue;
    worst = worseOf(worst, compiled.rule.attackType);
    const sighting = event.retransmission ? null : fire(state, ruleState, compiled, event, seen);
    if (sighting === null) continue;
    sightings.push(sighting);
    addPoints(state.scores, sighting, policy);
  }
  lookAt(null);
  const score = readScore(state.scores, sourceOf(event), event.receivedAtUs, policy);
  return { sightings, score, attackType: worst, faults };
}

/** The score of an address at a moment. */
export const scoreOf = (
  state: DetectState,
  address: string,
  nowUs: number,
  policy: ScorePolicy,
): Score => readScore(state.scores, address, nowUs, policy);

/** Takes a source's points off, when it was blocked for them. */
export function spendScore(state: DetectState, address: string): void {
  spendPoints(state.scores, address);
}

/** Adds a stored sighting to its source's score, to have the scores back after a restart. */
export function restoreScore(state: DetectState, sighting: Sighting, policy: ScorePolicy): void {
  addPoints(state.scores, sighting, policy);
}

/** What the rule sees in the event: null for nothing, or nothing yet. */
function tryRule(
  state: DetectState,
  ruleState: RuleState,
  compiled: CompiledRule,
  event: TrapEvent,
  faults: RuleFault[],
): Counted | null {
  const holds = (condition: Condition | null): boolean => {
    if (condition === null) return true;
    try {
      return condition();
    } catch (error) {
      if (!isConditionError(error)) throw error;
      faults.push(muteFaulty(ruleState, compiled, event.receivedAtUs, error));
      return false;
    }
  };
  const { count, condition } = compiled;
  if (count === null) {
    if (!holds(condition)) return null;
    const proven = isProven(event.proof);
    return { provenExceeded: proven };
  }
  if (event.retransmission) return null;
  const forget = count.forgets !== null && holds(count.forgets);
  if (!forget && !holds(condition)) return null;
  return countEvent(state.limits, ruleState, compiled, count, event, forget);
}

function fire(
  state: DetectState,
  ruleState: RuleState,
  compiled: CompiledRule,
  event: TrapEvent,
  seen: Counted,
): Sighting | null {
  const { rule, muteUs } = compiled;
  const nowUs = event.receivedAtUs;
  const key = groupKey(compiled, event);
  if (key === null) return null;
  const group = openGroup(ruleState, compiled, key, nowUs, state.limits);
  // Proof is news: a rule that was muted by forged or unproven packets still fires on it.
  const firesProven = seen.provenExceeded && group.mutedProvenUntilUs <= nowUs;
  if (!firesProven && group.mutedUntilUs > nowUs) return null;
  group.mutedUntilUs = nowUs + muteUs;
  if (firesProven) group.mutedProvenUntilUs = nowUs + muteUs;
  ruleState.sightings += 1;
  const tally = firesProven ? group.proven : group.all;
  return {
    atUs: nowUs,
    source: sourceOf(event),
    rule: rule.id,
    ruleVersion: rule.version,
    attackType: rule.attackType,
    points: firesProven ? rule.pointsProven : rule.points,
    pointsProven: firesProven ? rule.pointsProven : 0,
    reason: reasonOf(compiled, event, tally),
    eventIds: tally === null ? [event.id] : lastEventIds(tally, LIMITS.sightingEventIdsMax),
  };
}

function muteFaulty(
  ruleState: RuleState,
  { rule }: CompiledRule,
  nowUs: number,
  error: Error,
): RuleFault {
  ruleState.faults += 1;
  ruleState.lastFault = error.message;
  ruleState.mutedUntilUs = nowUs + LIMITS.ruleFaultMuteS * 1e6;
  return { rule: rule.id, message: error.message, mutedUntilUs: ruleState.mutedUntilUs };
}

function worseOf(a: AttackType | null, b: AttackType): AttackType {
  return a === null || ATTACK_TYPES.indexOf(b) > ATTACK_TYPES.indexOf(a) ? b : a;
}
