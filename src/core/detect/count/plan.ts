import { ATTACK_TYPES } from '../../model/attack-type.js';
import { isHarmfulFlood } from '../../model/rule.js';
import type { CompiledRule, RuleSet } from '../rules/compile.js';
import type { HashReader } from '../fields/event-view.js';
import type { GroupSpec } from './groups.js';
import type { KeySpec } from '../fields/key-spec.js';
import type { TallySpec } from './tally.js';

/** Where a rule has tallies of one kind: in which groups, under which number, and how they count. */
export interface Place {
  readonly groups: GroupSpec;
  /** Of the tally over all events; the next number is that over proven events alone. */
  readonly whose: number;
  /** null: the tally only says until when the rule is mute. */
  readonly tally: TallySpec | null;
}

/** Of the two tallies of a place: over all events, or over proven ones alone. */
export type Kind = 0 | 1;

/** What is known of one rule while it runs. */
export interface RuleState {
  readonly key: string;
  /** Whose a tally is: a multiple of eight, never given twice. */
  readonly number: number;
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

/** A rule with all that counting needs to know of it. */
export interface RulePlan {
  readonly compiled: CompiledRule;
  readonly state: RuleState;
  /** Where it counts; null: it does not. */
  readonly main: Place | null;
  /** Where it is mute, and counts the source's own share: always in a group of one source. */
  readonly mine: Place;
  readonly distinct: HashReader | null;
  /** Retransmissions are nothing new to it. */
  readonly once: boolean;
  /** It counts over a network, of which one source tells nothing. */
  readonly overNetwork: boolean;
  /** How harmful what it looks for is, beside what others look for. */
  readonly harm: number;
  /** What it looks for harms the trap itself. */
  readonly floods: boolean;
}

/** How the rules of a set count; made once for a set. */
export interface Plan {
  /** In the order of the set. */
  readonly rules: readonly RulePlan[];
  readonly byNumber: ReadonlyMap<number, RulePlan>;
  readonly overNetworks: boolean;
  /** Microseconds after which nothing of a group means anything any more. */
  readonly keptUs: number;
  /** Records that one event may take. */
  readonly recordsAnEvent: number;
}

/** Two tallies in each of two places, with a new thing each. */
const RECORDS_A_RULE = 8;

/** `states` are those of the set's rules, in their order. */
export function makePlan({ rules }: Pick<RuleSet, 'rules'>, states: readonly RuleState[]): Plan {
  const specs = new Map<KeySpec, GroupSpec>();
  const planned = rules.map((compiled, index) => {
    const state = states[index];
    if (state === undefined) throw new Error(`rule ${compiled.rule.id} has no state`);
    return planRule(specs, compiled, state);
  });
  return {
    rules: planned,
    byNumber: new Map(planned.map((rule) => [rule.state.number, rule])),
    overNetworks: planned.some(({ overNetwork }) => overNetwork),
    keptUs: Math.max(0, ...rules.map(({ muteUs, count }) => Math.max(muteUs, count?.keptUs ?? 0))),
    recordsAnEvent: rules.length * RECORDS_A_RULE,
  };
}

function planRule(
  specs: Map<KeySpec, GroupSpec>,
  compiled: CompiledRule,
  state: RuleState,
): RulePlan {
  const { count, muteSpec } = compiled;
  const main =
    count === null
      ? null
      : { groups: specOf(specs, count.spec), whose: state.number, tally: count.tally };
  // Where the groups are those of one source, one tally both counts and says when it is mute.
  const mine =
    main !== null && count?.spec === muteSpec
      ? main
      : {
          groups: specOf(specs, muteSpec),
          whose: state.number + 2,
          tally: count?.own ?? null,
        };
  return {
    compiled,
    state,
    main,
    mine,
    distinct: count?.distinct ?? null,
    once: count?.repeats !== true,
    overNetwork: count !== null && isOverNetwork(count.spec),
    harm: ATTACK_TYPES.indexOf(compiled.rule.attackType),
    floods: isHarmfulFlood(compiled.rule),
  };
}

function specOf(specs: Map<KeySpec, GroupSpec>, key: KeySpec): GroupSpec {
  const known = specs.get(key) ?? { key, stamp: 0, group: 0 };
  specs.set(key, known);
  return known;
}

const isOverNetwork = ({ names }: KeySpec): boolean =>
  !names.includes('source') && (names.includes('source_prefix') || names.includes('source_site'));
