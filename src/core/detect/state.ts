import { LIMITS } from '../model/limits.js';
import { createBoard } from './board.js';
import type { Board } from './board.js';
import type { RuleSet } from './compile.js';
import { hashReaderOf } from './event-view.js';
import type { HashReader } from './event-view.js';
import { fieldNamed } from './fields.js';
import { keepFirsts } from './firsts.js';
import { WORDS_MAX } from './group-block.js';
import { createGroups } from './groups.js';
import type { Groups } from './groups.js';
import { makePlan } from './plan.js';
import type { Plan } from './plan.js';
import { createScoreBook } from './score.js';
import type { ScoreBook } from './score.js';
import { createTags } from './tags.js';
import type { Tags } from './tags.js';

/** A tag is most of a word. */
const TAGS_MAX = WORDS_MAX / 2;
/** Its count, the source's share of it, and when it is mute. */
const TAGS_PER_RULE = 3;

/**
 * How much detection may remember. Defaults are those of limits.ts. There must be more groups than the
 * rules of one event can ask for.
 */
export interface DetectLimits {
  readonly scoredSourcesMax: number;
  readonly groupsMax: number;
  /** Cells of 32 bits for what is counted. */
  readonly cellsMax: number;
  readonly networksMax: number;
  /** A power of two. */
  readonly firstsMax: number;
}

export interface RuleState {
  readonly key: string;
  /** Things counted. */
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
  groups: Groups;
  readonly limits: DetectLimits;
  /** Seed of the hashes: with the agent's own nobody can work out values that meet. */
  readonly seed: number;
  /** How the rules of `ruleSet` count; made anew when other rules come. */
  ruleSet: RuleSet | null;
  plan: Plan;
  board: Board;
  tags: Tags;
  /** Hash of the source of the event looked at. */
  readonly sourceHash: HashReader;
}

export function createDetectState(limits: Partial<DetectLimits> = {}, seed = 0): DetectState {
  const {
    scoredSourcesMax = LIMITS.scoredSourcesMax,
    groupsMax = LIMITS.detectGroupsMax,
    cellsMax = LIMITS.detectCellsMax,
    networksMax = LIMITS.detectNetworksMax,
    firstsMax = LIMITS.detectFirstsMax,
  } = limits;
  const all = { scoredSourcesMax, groupsMax, cellsMax, networksMax, firstsMax };
  const tags = createTags();
  const plan = makePlan({ rules: [] }, [], tags);
  const source = fieldNamed('source');
  if (source === null) throw new Error('there is no field source');
  return {
    scores: createScoreBook(scoredSourcesMax, seed),
    groups: createGroups(all),
    limits: all,
    seed,
    ruleSet: null,
    plan,
    board: createBoard(plan),
    tags,
    sourceHash: hashReaderOf(source),
  };
}

/**
 * How a rule set counts. Rules that stayed as they were keep what they counted when a new set comes
 * (reload); those that changed begin anew.
 */
export function planFor(state: DetectState, ruleSet: RuleSet, nowUs: number): Plan {
  if (state.ruleSet === ruleSet) return state.plan;
  const known = new Map(state.plan.rules.map((each) => [each.compiled.key, each.state]));
  // Tags are not given twice, and would run out after some thousand changes of all rules.
  if (state.tags.next + ruleSet.rules.length * TAGS_PER_RULE > TAGS_MAX) beginAnew(state);
  const states = ruleSet.rules.map(({ key }) => known.get(key) ?? createRuleState(key));
  state.plan = makePlan(ruleSet, states, state.tags);
  // Which groups there are of an earlier set is not known by its specs: all are looked for.
  if (state.ruleSet !== null) keepFirsts(state.groups, state.plan, state.limits.groupsMax, nowUs);
  if (state.groups.keys.size > 0) for (const spec of state.plan.specs) spec.used = true;
  state.board = createBoard(state.plan);
  state.ruleSet = ruleSet;
  return state.plan;
}

/** Forgets what was counted and for whom rules are mute, not what was scored or seen. */
function beginAnew(state: DetectState): void {
  for (const each of state.plan.rules) each.state.members = 0;
  state.groups = createGroups(state.limits);
  state.tags = createTags();
  state.plan = makePlan({ rules: [] }, [], state.tags);
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
  sources: scores.keys.size,
  evicted: scores.evicted,
});

const createRuleState = (key: string): RuleState => ({
  key,
  members: 0,
  sightings: 0,
  evicted: 0,
  faults: 0,
  lastFault: null,
  quietUntilUs: 0,
});
