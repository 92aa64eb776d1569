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
import { wipe } from './board.js';
import { countEvent, forgetEvent, PROVEN, UNPROVEN, weigh } from './count.js';
import type { Counted, Turn } from './count.js';
import { evidenceOf } from './evidence.js';
import { lookAt } from './event-view.js';
import { sweepFirsts } from './first-table.js';
import { lookAtNetworks, makeRoom } from './groups.js';
import { isMute, mute, openGroup, rememberRoom } from './look-up.js';
import { ASK, FORGETS, HIT_SHIFT, HOLDS } from './match.js';
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
  const plan = planFor(state, ruleSet, nowUs);
  const seen = { nowUs, now: ticksOf(nowUs), eventId: event.id };
  const sightings: Sighting[] = [];
  const faults: RuleFault[] = [];
  let harm = -1;
  let pointsSeen = 0;
  let ownMessages = 0;
  let siteSeen = NOTHING_SEEN;
  lookAt(event, state.seed);
  makeRoom(state.groups, plan, state.limits.cellsMax, nowUs);
  sweepFirsts(state.groups.firsts, plan, seen.now);
  const source = state.sourceHash();
  if (source !== null) {
    lookAtNetworks(state.groups, plan, source, state.limits.networksMax, nowUs);
  }
  const proven = isProven(event.proof);
  const matches = matchRules(state, ruleSet, event, seen, proven, faults);
  for (let index = 0; index < matches; index += 1) {
    const rule = matched.rules[index];
    const turn = matched.turns[index] ?? null;
    if (rule === undefined || turn === null) continue;
    const counted =
      typeof turn === 'string' ? takeTurn(state, rule, turn, index, seen, proven) : turn;
    if (counted === null) continue;
    if (rule.harm > harm) harm = rule.harm;
    if (tellsOfSite(rule, event)) siteSeen = seeSite(siteSeen, rule, counted);
    else pointsSeen = Math.max(pointsSeen, rule.compiled.rule.points);
    if (turn === 'mute' || (event.retransmission && rule.once)) continue;
    const sighting = fire(state, rule, event, seen, counted);
    if (sighting === null) continue;
    sightings.push(sighting);
    ownMessages = Math.max(ownMessages, ownMessagesOf(rule, sighting));
    addPoints(state.scores, identity, sighting, policy);
  }
  rememberRoom(state.board, state.groups, plan);
  const { scores } = state;
  const score =
    source === null
      ? readScore(scores, identity, nowUs, policy)
      : readScoreAt(scores, source, nowUs, policy);
  lookAt(null);
  const attackType = ATTACK_TYPES[harm] ?? null;
  return { sightings, score, attackType, pointsSeen, siteSeen, ownMessages, faults };
}

const NOTHING_SEEN: SiteSeen = { points: 0, pointsProven: 0 };

/** An IPv4 network has too many owners to be told of as one. */
const tellsOfSite = ({ compiled }: RulePlan, { source }: TrapEvent): boolean =>
  compiled.ofNetwork && source.address.includes(':');

function seeSite(
  { points, pointsProven }: SiteSeen,
  { compiled: { rule } }: RulePlan,
  { provenExceeded }: Counted,
): SiteSeen {
  return {
    points: Math.max(points, rule.points),
    pointsProven: provenExceeded ? Math.max(pointsProven, rule.pointsProven) : pointsProven,
  };
}

/** What others of a group sent is no message of the source, but for the share that is its own. */
function ownMessagesOf({ compiled }: RulePlan, { eventIds }: Sighting): number {
  const { count } = compiled.rule;
  if (count === null) return 1;
  return count.by.includes('source') ? eventIds.length : (count.own ?? 1);
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

/** The rules whose conditions hold for an event, and what it is to each. */
interface Matched {
  readonly rules: RulePlan[];
  readonly turns: Turn[];
}

/** One for the whole program: it is used up before anything else can run, and never made shorter. */
const matched: Matched = { rules: [], turns: [] };
/** What the matcher found, used up as well. */
const hits = new Int32Array(LIMITS.rulesMax);

/** Finds the rules for `matched`; how many. */
function matchRules(
  state: DetectState,
  ruleSet: RuleSet,
  event: TrapEvent,
  seen: Seen,
  proven: boolean,
  faults: RuleFault[],
): number {
  const { board, plan } = state;
  let matches = 0;
  const { number, indexes, match } = rulesFor(ruleSet, event.message.kind, event.message.method);
  wipe(board, seen.now, number);
  const end = match(hits, 0);
  for (let each = 0; each < end; each += 1) {
    const hit = hits[each] ?? 0;
    const rule = plan.rules[indexes[hit >> HIT_SHIFT] ?? -1];
    // Over a network with one source nothing is counted, and nobody was caught.
    if (rule === undefined || rule.gate?.open === false) continue;
    if (event.retransmission && rule.once && rule.main !== null) continue;
    const found = (hit & ASK) === 0 ? hit : askInterpreter(rule, event, faults);
    if ((found & (HOLDS | FORGETS)) === 0) continue;
    const forget = (found & FORGETS) !== 0;
    matched.turns[matches] = weigh(state, rule, matches, seen, proven, forget);
    matched.rules[matches] = rule;
    matches += 1;
  }
  return matches;
}

/** What the matcher leaves: a verdict as its own, from conditions that may fail. */
function askInterpreter(rule: RulePlan, event: TrapEvent, faults: RuleFault[]): number {
  const { count, condition } = rule.compiled;
  const forgets = count?.forgets ?? null;
  if (forgets !== null && holds(forgets, rule, event, faults)) return FORGETS;
  return condition === null || holds(condition, rule, event, faults) ? HOLDS : 0;
}

/** What a rule sees in the event that was only looked at yet: null for nothing, or nothing yet. */
function takeTurn(
  state: DetectState,
  rule: RulePlan,
  turn: 'mute' | 'counts' | 'forgets',
  index: number,
  seen: Seen,
  proven: boolean,
): Counted | null {
  switch (turn) {
    case 'counts':
      return countEvent(state, rule, index, seen, proven);
    case 'mute':
      return proven ? PROVEN : UNPROVEN;
    case 'forgets':
      forgetEvent(state, rule);
      return null;
  }
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
  const { state: ruleState, compiled, muteSpec, muteWord } = rulePlan;
  const { rule, muteUs } = compiled;
  const known = board.group[muteSpec] ?? 0;
  // Proof is news: a rule that was muted by forged or unproven packets still fires on it.
  if (isMute(board, groups, known, muteWord, provenExceeded ? 1 : 0)) return null;
  const group = openGroup(board, groups, plan, muteSpec, limits, seen.nowUs);
  const until = ticksOf(seen.nowUs + muteUs);
  if (group !== 0) mute(board, groups, group, muteWord, 0, until);
  if (group !== 0 && provenExceeded) mute(board, groups, group, muteWord, 1, until);
  ruleState.sightings += 1;
  const behind = evidenceOf(state, rulePlan, seen, provenExceeded ? 1 : 0);
  // Proof takes no points away: what of them may block wholly is another question.
  const points = provenExceeded ? Math.max(rule.points, rule.pointsProven) : rule.points;
  // What tells of its site is not laid to the one that happened to come next.
  const isLaid = !tellsOfSite(rulePlan, event);
  return {
    atUs: seen.nowUs,
    source: event.source.address,
    rule: rule.id,
    ruleVersion: rule.version,
    attackType: rule.attackType,
    points: isLaid ? points : 0,
    pointsProven: isLaid && provenExceeded ? rule.pointsProven : 0,
    reason: reasonOf(rule, event, behind),
    eventIds: behind.eventIds.length === 0 ? [event.id] : behind.eventIds,
  };
}
