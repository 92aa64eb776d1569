import { LIMITS } from '../model/limits.js';
import type { RuleSet } from './compile.js';
import { createRecentMap } from './recent-map.js';
import type { RecentMap } from './recent-map.js';
import { createScoreBook } from './score.js';
import type { ScoreBook } from './score.js';
import type { Tally } from './tally.js';

/** How much detection may remember. Defaults are those of limits.ts. */
export interface DetectLimits {
  readonly scoredSourcesMax: number;
  readonly ruleGroupsMax: number;
  readonly ruleMembersMax: number;
}

/** What one rule remembers of one group. A tally is null until something is counted in it. */
export interface Group {
  all: Tally | null;
  /** The same over proven events alone, so that forged packets cannot push them out. */
  proven: Tally | null;
  mutedUntilUs: number;
  mutedProvenUntilUs: number;
}

export interface RuleState {
  readonly key: string;
  readonly groups: RecentMap<Group>;
  /** Entries in all tallies of the rule. */
  members: number;
  sightings: number;
  /** Groups given up while they still counted, because there were too many. */
  evicted: number;
  faults: number;
  lastFault: string | null;
  mutedUntilUs: number;
}

/** Everything that detection remembers between two events. Only src/core/detect changes it. */
export interface DetectState {
  readonly scores: ScoreBook;
  readonly limits: DetectLimits;
  /** The rules that `byRule` belongs to; it is made anew when others come. */
  ruleSet: RuleSet | null;
  byRule: readonly RuleState[];
}

export function createDetectState(limits: Partial<DetectLimits> = {}): DetectState {
  const {
    scoredSourcesMax = LIMITS.scoredSourcesMax,
    ruleGroupsMax = LIMITS.ruleGroupsMax,
    ruleMembersMax = LIMITS.ruleMembersMax,
  } = limits;
  return {
    scores: createScoreBook(scoredSourcesMax),
    limits: { scoredSourcesMax, ruleGroupsMax, ruleMembersMax },
    ruleSet: null,
    byRule: [],
  };
}

/**
 * The states of a rule set's rules. Rules that stayed as they were keep what they counted when a
 * new set comes (reload); those that changed begin anew.
 */
export function statesOf(state: DetectState, ruleSet: RuleSet): readonly RuleState[] {
  if (state.ruleSet === ruleSet) return state.byRule;
  const known = new Map(state.byRule.map((ruleState) => [ruleState.key, ruleState]));
  state.byRule = ruleSet.rules.map(({ key }) => known.get(key) ?? createRuleState(key));
  state.ruleSet = ruleSet;
  return state.byRule;
}

/** One rule as `status` and `rules list` show it. */
export interface RuleStatus {
  readonly rule: string;
  readonly sightings: number;
  readonly groups: number;
  readonly members: number;
  readonly evicted: number;
  readonly faults: number;
  /** The last failure at run time, in words; null: there was none. */
  readonly fault: string | null;
  /** The rule is out of force until then because it failed; 0: it never did. */
  readonly mutedUntilUs: number;
}

/** What each rule has done and holds, in the order of the rule set; empty before the first event. */
export function ruleStatus({ ruleSet, byRule }: DetectState): readonly RuleStatus[] {
  return byRule.map((state, index) => ({
    rule: ruleSet?.rules[index]?.rule.id ?? state.key,
    sightings: state.sightings,
    groups: state.groups.size,
    members: state.members,
    evicted: state.evicted,
    faults: state.faults,
    fault: state.lastFault,
    mutedUntilUs: state.mutedUntilUs,
  }));
}

/** How many sources have a score, and how many lost theirs because there were too many. */
export const scoreStatus = ({ scores }: DetectState): { sources: number; evicted: number } => ({
  sources: scores.standings.size,
  evicted: scores.evicted,
});

const createRuleState = (key: string): RuleState => ({
  key,
  groups: createRecentMap<Group>(),
  members: 0,
  sightings: 0,
  evicted: 0,
  faults: 0,
  lastFault: null,
  mutedUntilUs: 0,
});
