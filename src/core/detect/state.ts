import { LIMITS } from '../model/limits.js';
import type { CompiledRule, RuleSet } from './compile.js';
import { createGroups } from './groups.js';
import type { Groups, Slot } from './groups.js';
import { createScoreBook } from './score.js';
import type { ScoreBook } from './score.js';

/** How much detection may remember. Defaults are those of limits.ts. */
export interface DetectLimits {
  readonly scoredSourcesMax: number;
  readonly groupsMax: number;
  readonly talliesMax: number;
  readonly membersMax: number;
}

export interface RuleState {
  readonly key: string;
  /** Number of the rule in the tallies; another one when the rule has changed. */
  readonly slot: number;
  /** Groups that the rule counts in or is mute for, and things counted in them. */
  groups: number;
  members: number;
  sightings: number;
  /** Groups given up while they still counted, because there were too many. */
  evicted: number;
  faults: number;
  lastFault: string | null;
  /** Faults are not reported again until then. */
  quietUntilUs: number;
}

/** Everything that detection remembers between two events. Only src/core/detect changes it. */
export interface DetectState {
  readonly scores: ScoreBook;
  readonly groups: Groups;
  readonly limits: DetectLimits;
  /** Seed of the hashes: with the agent's own nobody can work out values that meet. */
  readonly seed: number;
  /** The rules that `byRule` belongs to; it is made anew when others come. */
  ruleSet: RuleSet | null;
  byRule: readonly RuleState[];
  readonly slots: (Slot | null)[];
}

export function createDetectState(limits: Partial<DetectLimits> = {}, seed = 0): DetectState {
  const {
    scoredSourcesMax = LIMITS.scoredSourcesMax,
    groupsMax = LIMITS.detectGroupsMax,
    talliesMax = LIMITS.detectTalliesMax,
    membersMax = LIMITS.detectMembersMax,
  } = limits;
  return {
    scores: createScoreBook(scoredSourcesMax, seed),
    groups: createGroups(),
    limits: { scoredSourcesMax, groupsMax, talliesMax, membersMax },
    seed,
    ruleSet: null,
    byRule: [],
    slots: [],
  };
}

/**
 * The states of a rule set's rules. Rules that stayed as they were keep what they counted when a
 * new set comes (reload); those that changed begin anew.
 */
export function statesOf(state: DetectState, ruleSet: RuleSet): readonly RuleState[] {
  if (state.ruleSet === ruleSet) return state.byRule;
  const known = new Map(state.byRule.map((ruleState) => [ruleState.key, ruleState]));
  // What was counted for a rule that is gone is freed when its groups go.
  state.slots.fill(null);
  state.byRule = ruleSet.rules.map((compiled) => {
    const ruleState = known.get(compiled.key) ?? createRuleState(compiled, state.slots.length);
    state.slots[ruleState.slot] = { state: ruleState, compiled };
    return ruleState;
  });
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
  /** Events on which the condition failed at run time and counted as false. */
  readonly faults: number;
  /** The last failure at run time, in words; null: there was none. */
  readonly fault: string | null;
}

/** What each rule has done and holds, in the order of the rule set; empty before the first event. */
export function ruleStatus({ ruleSet, byRule }: DetectState): readonly RuleStatus[] {
  return byRule.map((state, index) => ({
    rule: ruleSet?.rules[index]?.rule.id ?? state.key,
    sightings: state.sightings,
    groups: state.groups,
    members: state.members,
    evicted: state.evicted,
    faults: state.faults,
    fault: state.lastFault,
  }));
}

/** How many sources have a score, and how many lost theirs because there were too many. */
export const scoreStatus = ({ scores }: DetectState): { sources: number; evicted: number } => ({
  sources: scores.keys.size,
  evicted: scores.evicted,
});

const createRuleState = ({ key }: CompiledRule, slot: number): RuleState => ({
  key,
  slot,
  groups: 0,
  members: 0,
  sightings: 0,
  evicted: 0,
  faults: 0,
  lastFault: null,
  quietUntilUs: 0,
});
