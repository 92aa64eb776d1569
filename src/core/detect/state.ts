import { LIMITS } from '../common/limits.js';
import type { RuleSet } from './rules/compile.js';
import { hashReaderOf } from './fields/event-view.js';
import type { HashReader } from './fields/event-view.js';
import { fieldNamed } from './fields/fields.js';
import { createGroups } from './count/groups.js';
import type { Groups, OnForget } from './count/groups.js';
import { sizeOf } from './count/key-table.js';
import { makePlan } from './count/plan.js';
import type { Plan, RuleState } from './count/plan.js';
import { createScoreBook } from './score/score.js';
import type { ScoreBook } from './score/score.js';
import { tallySize, whoseTally } from './count/things.js';

/** How much detection may remember. Defaults are those of limits.ts. */
export interface DetectLimits {
  readonly scoredSourcesMax: number;
  /** More than the rules of one event can ask for. */
  readonly groupsMax: number;
  /** Tallies and what they count; more than the rules of one event can take. */
  readonly recordsMax: number;
  readonly networksMax: number;
}

/** Everything that detection remembers between two events. Only src/core/detect changes it. */
export interface DetectState {
  readonly scores: ScoreBook;
  readonly groups: Groups;
  /** Seed of the hashes: with the agent's own nobody can work out values that meet. */
  readonly seed: number;
  /** How the rules of `ruleSet` count; made anew when other rules come. */
  ruleSet: RuleSet | null;
  plan: Plan;
  /** Another for each event. */
  stamp: number;
  nextNumber: number;
  readonly onForget: OnForget;
  /** Hashes of the source of the event looked at, and of its network. */
  readonly sourceHash: HashReader;
  readonly networkHash: HashReader;
}

export function createDetectState(limits: Partial<DetectLimits> = {}, seed = 0): DetectState {
  const {
    scoredSourcesMax = LIMITS.scoredSourcesMax,
    groupsMax = LIMITS.detectGroupsMax,
    recordsMax = LIMITS.detectRecordsMax,
    networksMax = LIMITS.detectNetworksMax,
  } = limits;
  const state: DetectState = {
    scores: createScoreBook(scoredSourcesMax, seed),
    groups: createGroups(groupsMax, recordsMax, networksMax),
    seed,
    ruleSet: null,
    plan: makePlan({ rules: [] }, []),
    stamp: 0,
    nextNumber: 0,
    onForget: (tally, idleUs) => {
      noteForgotten(state, tally, idleUs);
    },
    sourceHash: readerNamed('source'),
    networkHash: readerNamed('source_prefix'),
  };
  return state;
}

function readerNamed(name: string): HashReader {
  const field = fieldNamed(name);
  if (field === null) throw new Error(`there is no field ${name}`);
  return hashReaderOf(field);
}

/** Takes what goes with a tally off the count of its rule. Those of rules that are gone are nobody's. */
function noteForgotten({ plan, groups }: DetectState, tally: number, idleUs: number): void {
  const whose = whoseTally(groups.records, tally);
  const rule = plan.byNumber.get(whose & ~7);
  if (rule === undefined) return;
  rule.state.members -= tallySize(groups.records, tally);
  const isCount =
    rule.main?.whose === whose || (rule.mine.whose === whose && rule.mine.tally !== null);
  if (isCount && idleUs < (rule.compiled.count?.keptUs ?? 0)) rule.state.evicted += 1;
}

/**
 * How a rule set counts. Rules that stayed as they were keep what they counted when a new set comes
 * (reload); those that changed begin anew.
 */
export function planFor(state: DetectState, ruleSet: RuleSet): Plan {
  if (state.ruleSet === ruleSet) return state.plan;
  const known = new Map(state.plan.rules.map((each) => [each.compiled.key, each.state]));
  const states = ruleSet.rules.map(({ key }) => known.get(key) ?? createRuleState(state, key));
  state.plan = makePlan(ruleSet, states);
  state.ruleSet = ruleSet;
  return state.plan;
}

/** One rule as `status` and `rules list` show it. */
export interface RuleStatus {
  readonly rule: string;
  readonly sightings: number;
  /** Things counted and still held. */
  readonly members: number;
  readonly evicted: number;
  /** Events on which the condition failed at run time and counted as false. */
  readonly faults: number;
  /** The last failure at run time, in words; null: there was none. */
  readonly fault: string | null;
}

/** What each rule has done and holds, in the order of the rule set; empty before the first event. */
export function ruleStatus({ plan }: DetectState): readonly RuleStatus[] {
  return plan.rules.map(({ compiled, state }) => ({
    rule: compiled.rule.id,
    sightings: state.sightings,
    members: state.members,
    evicted: state.evicted,
    faults: state.faults,
    fault: state.lastFault,
  }));
}

/** How many sources have a score, and how many lost theirs because there were too many. */
export const scoreStatus = ({ scores }: DetectState): { sources: number; evicted: number } => ({
  sources: sizeOf(scores.keys),
  evicted: scores.evicted,
});

function createRuleState(state: DetectState, key: string): RuleState {
  const number = state.nextNumber;
  state.nextNumber += 8;
  return {
    key,
    number,
    members: 0,
    sightings: 0,
    evicted: 0,
    faults: 0,
    lastFault: null,
    quietUntilUs: 0,
  };
}
