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
import { findGroup, findTally, openGroup, openTally } from './groups.js';
import { ASK, FORGETS, HOLDS } from './match.js';
import { reasonOf } from './reason.js';
import type { Evidence } from './reason.js';
import { addPoints, readScore, spendPoints } from './score.js';
import type { ScorePolicy } from './score.js';
import { statesOf } from './state.js';
import type { DetectState, RuleState } from './state.js';
import { lastEventIds, mutedUntilUs, muteUntil, sizeOf, spanUs } from './tally.js';

export { compileRules } from './compile.js';
export type { RuleSet } from './compile.js';
export { describeRule } from './describe.js';
export type { ScorePolicy } from './score.js';
export { createDetectState, ruleStatus, scoreStatus } from './state.js';
export type { DetectState } from './state.js';

/** A rule that failed on an event, for which it counted as not met; reported once a minute. */
export interface RuleFault {
  readonly rule: string;
  readonly message: string;
}

export interface Detection {
  readonly sightings: readonly Sighting[];
  /** The source's score after this event. */
  readonly score: Score;
  /** The most harmful attack that a rule sees in this event, also while the rule is muted. */
  readonly attackType: AttackType | null;
  readonly faults: readonly RuleFault[];
}

/** What holds for the event, by the place of each rule in its list; used up before the next event. */
const verdicts = new Uint8Array(LIMITS.rulesMax);

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
  const states = statesOf(state, ruleSet);
  const sightings: Sighting[] = [];
  const faults: RuleFault[] = [];
  let worst: AttackType | null = null;
  lookAt(event, state.seed);
  const { rules, match } = rulesFor(ruleSet, event.message.kind, event.message.method);
  match(verdicts);
  for (let index = 0; index < rules.length; index += 1) {
    const compiled = rules[index];
    const ruleState = compiled === undefined ? undefined : states[compiled.index];
    if (compiled === undefined || ruleState === undefined) continue;
    const verdict = verdicts[index] ?? 0;
    const seen = tryRule(state, ruleState, compiled, event, faults, verdict);
    if (seen === null) continue;
    worst = worseOf(worst, compiled.rule.attackType);
    if (event.retransmission && compiled.count?.repeats !== true) continue;
    const sighting = fire(state, ruleState, compiled, event, seen);
    if (sighting === null) continue;
    sightings.push(sighting);
    addPoints(state.scores, sighting, policy);
  }
  lookAt(null);
  const score = readScore(state.scores, event.source.address, event.receivedAtUs, policy);
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
  verdict: number,
): Counted | null {
  const { count } = compiled;
  if (count !== null && event.retransmission && !count.repeats) return null;
  const found =
    (verdict & ASK) === 0 ? verdict : askInterpreter(ruleState, compiled, event, faults);
  if (found === 0) return null;
  if (count === null) return { provenExceeded: isProven(event.proof) };
  return countEvent(state, ruleState, compiled, count, event, (found & FORGETS) !== 0);
}

/** What the matcher leaves: a verdict as its own, from conditions that may fail. */
function askInterpreter(
  ruleState: RuleState,
  compiled: CompiledRule,
  event: TrapEvent,
  faults: RuleFault[],
): number {
  const { count, condition } = compiled;
  const forgets = count?.forgets ?? null;
  if (forgets !== null && holds(forgets, ruleState, compiled, event, faults)) return FORGETS;
  return condition === null || holds(condition, ruleState, compiled, event, faults) ? HOLDS : 0;
}

/**
 * A condition that fails at run time counts as false for this event alone: were the rule put out
 * of force, one crafted packet would switch it off for everybody. The fault is counted each time
 * and reported once a minute.
 */
function holds(
  condition: Condition,
  ruleState: RuleState,
  { rule }: CompiledRule,
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
      faults.push({ rule: rule.id, message: error.message });
    }
    return false;
  }
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
  if (isMute(state, ruleState, compiled, seen, nowUs)) return null;
  const { groups, limits, slots } = state;
  const group = openGroup(groups, compiled.muteSpec, limits, slots, nowUs);
  muteUntil(groups, openTally(groups, group, ruleState, 'all'), nowUs + muteUs);
  const firesProven = seen.provenExceeded;
  if (firesProven) {
    muteUntil(groups, openTally(groups, group, ruleState, 'proven'), nowUs + muteUs);
  }
  ruleState.sightings += 1;
  const behind = evidenceOf(state, ruleState, compiled, event, firesProven);
  return {
    atUs: nowUs,
    source: event.source.address,
    rule: rule.id,
    ruleVersion: rule.version,
    attackType: rule.attackType,
    points: firesProven ? rule.pointsProven : rule.points,
    pointsProven: firesProven ? rule.pointsProven : 0,
    reason: reasonOf(rule, event, behind),
    eventIds: behind.eventIds.length === 0 ? [event.id] : behind.eventIds,
  };
}

/** Proof is news: a rule that was muted by forged or unproven packets still fires on it. */
function isMute(
  { groups }: DetectState,
  { slot }: RuleState,
  { muteSpec }: CompiledRule,
  { provenExceeded }: Counted,
  nowUs: number,
): boolean {
  const group = findGroup(groups, muteSpec);
  const tally = findTally(groups, group, slot, provenExceeded ? 'proven' : 'all');
  return tally !== 0 && mutedUntilUs(groups, tally) > nowUs;
}

/** What the firing rests on, read out of the tally that exceeded. */
function evidenceOf(
  { groups }: DetectState,
  { slot }: RuleState,
  { count }: CompiledRule,
  event: TrapEvent,
  proven: boolean,
): Evidence {
  const group = count === null ? 0 : findGroup(groups, count.spec);
  const tally = findTally(groups, group, slot, proven ? 'proven' : 'all');
  if (tally === 0) return { things: 0, spanUs: 0, eventIds: [event.id] };
  return {
    things: sizeOf(groups, tally),
    spanUs: spanUs(groups, tally),
    eventIds: lastEventIds(groups, tally, LIMITS.sightingEventIdsMax),
  };
}

function worseOf(a: AttackType | null, b: AttackType): AttackType {
  return a === null || ATTACK_TYPES.indexOf(b) > ATTACK_TYPES.indexOf(a) ? b : a;
}
