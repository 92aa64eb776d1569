import { ATTACK_TYPES } from '../model/attack-type.js';
import type { AttackType } from '../model/attack-type.js';
import type { TrapEvent } from '../model/event.js';
import { LIMITS } from '../model/limits.js';
import { isProven } from '../model/proof.js';
import type { Score, Sighting } from '../model/sighting.js';
import { rulesFor } from './compile.js';
import type { RuleSet } from './compile.js';
import { isConditionError } from './condition.js';
import type { Condition } from './condition.js';
import { isMute, wipe } from './board.js';
import { countEvent, expectRule, lookUpRule, PROVEN, UNPROVEN } from './count.js';
import type { Counted } from './count.js';
import { evidenceOf } from './evidence.js';
import { lookAt } from './event-view.js';
import { sweepFirsts } from './first-table.js';
import { lookAtNetworks, makeRoom } from './groups.js';
import { mute, openGroup } from './look-up.js';
import { ASK, FORGETS, HOLDS } from './match.js';
import type { RulePlan } from './plan.js';
import { reasonOf } from './reason.js';
import { addPoints, readScore, readScoreAt, spendPoints } from './score.js';
import type { ScorePolicy } from './score.js';
import { planFor } from './state.js';
import type { DetectState } from './state.js';
import type { Seen } from './tape.js';
import { ticksOf } from './ticks.js';

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
  const plan = planFor(state, ruleSet, nowUs);
  const seen = { nowUs, now: ticksOf(nowUs), eventId: event.id };
  const sightings: Sighting[] = [];
  const faults: RuleFault[] = [];
  let worst: AttackType | null = null;
  lookAt(event, state.seed);
  makeRoom(state.groups, plan, state.limits.recordsMax, nowUs);
  sweepFirsts(state.groups.firsts, plan, seen.now);
  const source = state.sourceHash();
  if (source !== null) {
    lookAtNetworks(state.groups, plan, source, state.limits.networksMax, nowUs);
  }
  const { rules, forgets } = matchRules(state, ruleSet, event, faults);
  for (const rule of rules) lookUpRule(state, plan, rule, nowUs);
  for (let index = 0; index < rules.length; index += 1) {
    const rule = rules[index];
    if (rule === undefined) continue;
    const counted = countRule(state, rule, event, seen, forgets[index] === true);
    if (counted === null) continue;
    const { compiled } = rule;
    worst = worseOf(worst, compiled.rule.attackType);
    if (event.retransmission && compiled.count?.repeats !== true) continue;
    const sighting = fire(state, rule, event, seen, counted);
    if (sighting === null) continue;
    sightings.push(sighting);
    addPoints(state.scores, sighting, policy);
  }
  const { scores } = state;
  const score =
    source === null
      ? readScore(scores, event.source.address, nowUs, policy)
      : readScoreAt(scores, source, nowUs, policy);
  lookAt(null);
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

/** The rules whose conditions hold for an event; for which of them it takes its value back. */
interface Matched {
  readonly rules: RulePlan[];
  readonly forgets: boolean[];
}

/** One for the whole program: it is used up before anything else can run. */
const matched: Matched = { rules: [], forgets: [] };
/** What holds for the event, by the place of each rule in its list; used up as well. */
const verdicts = new Uint8Array(LIMITS.rulesMax);

function matchRules(
  state: DetectState,
  ruleSet: RuleSet,
  event: TrapEvent,
  faults: RuleFault[],
): Matched {
  const { board, plan } = state;
  const proven = isProven(event.proof);
  matched.rules.length = 0;
  matched.forgets.length = 0;
  wipe(board, ticksOf(event.receivedAtUs));
  const { rules, match } = rulesFor(ruleSet, event.message.kind, event.message.method);
  match(verdicts);
  for (let place = 0; place < rules.length; place += 1) {
    const verdict = verdicts[place] ?? 0;
    if (verdict === 0) continue;
    const rule = plan.rules[rules[place]?.index ?? -1];
    // Over a network with one source nothing is counted, and nobody was caught.
    if (rule === undefined || rule.gate?.open === false) continue;
    const { count } = rule.compiled;
    if (count !== null && event.retransmission && !count.repeats) continue;
    const found = (verdict & ASK) === 0 ? verdict : askInterpreter(rule, event, faults);
    if (found === 0) continue;
    const forget = (found & FORGETS) !== 0;
    expectRule(state, rule, proven, forget);
    matched.rules.push(rule);
    matched.forgets.push(forget);
  }
  return matched;
}

/** What the matcher leaves: a verdict as its own, from conditions that may fail. */
function askInterpreter(rule: RulePlan, event: TrapEvent, faults: RuleFault[]): number {
  const { count, condition } = rule.compiled;
  const forgets = count?.forgets ?? null;
  if (forgets !== null && holds(forgets, rule, event, faults)) return FORGETS;
  return condition === null || holds(condition, rule, event, faults) ? HOLDS : 0;
}

/** What a rule whose condition holds sees in the event: null for nothing, or nothing yet. */
function countRule(
  state: DetectState,
  rule: RulePlan,
  event: TrapEvent,
  seen: Seen,
  forget: boolean,
): Counted | null {
  if (rule.main === null) return isProven(event.proof) ? PROVEN : UNPROVEN;
  return countEvent(state, state.plan, rule, event, seen, forget);
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
  { provenExceeded }: Counted,
): Sighting | null {
  const { board, groups, limits, plan } = state;
  const { state: ruleState, compiled, muteSpec } = rulePlan;
  const { rule, muteUs } = compiled;
  // Proof is news: a rule that was muted by forged or unproven packets still fires on it.
  if (isMute(board, ruleState.slot, provenExceeded ? 1 : 0)) return null;
  const group = openGroup(board, groups, plan, muteSpec, limits, seen.nowUs);
  const until = ticksOf(seen.nowUs + muteUs);
  if (group !== 0) mute(board, groups, group, ruleState.slot, 0, until);
  if (group !== 0 && provenExceeded) mute(board, groups, group, ruleState.slot, 1, until);
  ruleState.sightings += 1;
  const behind = evidenceOf(state, rulePlan, seen, provenExceeded ? 1 : 0);
  return {
    atUs: seen.nowUs,
    source: event.source.address,
    rule: rule.id,
    ruleVersion: rule.version,
    attackType: rule.attackType,
    points: provenExceeded ? rule.pointsProven : rule.points,
    pointsProven: provenExceeded ? rule.pointsProven : 0,
    reason: reasonOf(rule, event, behind),
    eventIds: behind.eventIds.length === 0 ? [event.id] : behind.eventIds,
  };
}

function worseOf(a: AttackType | null, b: AttackType): AttackType {
  return a === null || ATTACK_TYPES.indexOf(b) > ATTACK_TYPES.indexOf(a) ? b : a;
}
