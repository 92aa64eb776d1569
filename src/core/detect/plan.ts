import { ATTACK_TYPES } from '../model/attack-type.js';
import { LIMITS } from '../model/limits.js';
import { isHarmfulFlood } from '../model/rule.js';
import type { CompiledCount, CompiledRule, RuleSet, TallySpec } from './compile.js';
import { hashReaderOf } from './event-view.js';
import type { HashReader } from './event-view.js';
import { fieldNamed } from './fields.js';
import type { KeySpec } from './key-spec.js';
import type { RuleState } from './state.js';
import { renewTags, takeBit, wordOf } from './tags.js';
import type { TagBit, Tags } from './tags.js';
import { BUCKET_CELLS, MARKED_TAPE_CELLS, TAPE_CELLS, THING_CELLS, VALUED_CELLS } from './tape.js';
import type { TapeSpec } from './tape.js';
import { spanTicks } from './ticks.js';

/**
 * How an entry of a group holds what was counted: a *ledger* the different values of a field, a
 * *tape* events or what leaks, a *bucket* how full it is.
 */
export type CountShape = 'ledger' | 'tape' | 'bucket';

/**
 * Where one rule counts: in which groups, under which word, and as which bit. Rules that count
 * different values of one field in the same groups share a ledger and have a bit each; a rule that
 * counts events, or leaks, has an entry of its own.
 */
export interface Place extends TapeSpec {
  /** Index in `Plan.specs`. */
  readonly spec: number;
  /** Of the rule's entry over all events; the next word is that of proven events alone. */
  readonly word: number;
  readonly shape: CountShape;
  readonly bit: number;
  /** Cells of the entry of a tape or bucket. */
  readonly entryCells: number;
  readonly value: HashReader | null;
  /** Ticks after which a value that did not come again counts; 0: it counts at once. */
  readonly settle: number;
}

/** A rule with all that counting needs to know of it. */
export interface RulePlan {
  readonly compiled: CompiledRule;
  readonly state: RuleState;
  /** null: the rule does not count. */
  readonly main: Place | null;
  /** The source's own share, where the rule asks for one. */
  readonly own: Place | null;
  /** Index in `Plan.specs` of the groups that it is mute for, and the word that says so there. */
  readonly muteSpec: number;
  readonly muteWord: number;
  /** Retransmissions are nothing new to it. */
  readonly once: boolean;
  /** How harmful what it looks for is, beside what others look for. */
  readonly harm: number;
  /** What it looks for harms the trap itself. */
  readonly floods: boolean;
  /** null: it counts whatever the network has sent. */
  readonly gate: Gate | null;
}

/** Groups over the sources of a network: they open when a second source of it turns up. */
export interface Gate {
  readonly network: HashReader;
  /** For the event looked at. */
  open: boolean;
}

export interface PlanSpec {
  readonly key: KeySpec;
  /** A group was made by it: until then none is looked for. Many specs only ever mute. */
  used: boolean;
  /** Cells that a new group needs after its first event, by the number of the list of rules. */
  readonly cells: number[];
}

/** How many values of one tag a group holds, for how many ticks one can count, and when it settles. */
export interface Ledger {
  sizeMax: number;
  kept: number;
  settle: number;
  /** What one source alone sent waits in the table of first-table.ts: all rules of it bear that. */
  firsts: boolean;
}

/** Whose a bit of a ledger is, and how long a value counts for it (ticks). */
export interface BitRule {
  readonly index: number;
  readonly state: RuleState;
  readonly within: number;
}

/** How the rules of a set count; made once for a set. */
export interface Plan {
  /** In the order of the set. */
  readonly rules: readonly RulePlan[];
  readonly specs: readonly PlanSpec[];
  readonly gates: readonly Gate[];
  /** By tag. */
  readonly ledgers: readonly Ledger[];
  /** By tag; undefined: nothing is counted under it. */
  readonly shapes: readonly (CountShape | undefined)[];
  /** By tag × 32 + bit. */
  readonly bitRules: readonly (BitRule | undefined)[];
  /** Microseconds after which nothing of a group means anything any more. */
  readonly keptUs: number;
  /** Tags are below. */
  readonly tagsEnd: number;
}

/** Values of one ledger, so that its list fits into a block of the arena with some to spare. */
const LEDGER_VALUES_MAX = 1_070;
const NOTHING: Ledger = { sizeMax: 0, kept: 0, settle: 0, firsts: false };

interface Draft {
  readonly specs: PlanSpec[];
  readonly gates: Map<string, Gate>;
  readonly ledgers: Ledger[];
  readonly shapes: (CountShape | undefined)[];
  readonly bits: Map<number, BitRule>;
  readonly tags: Tags;
}

/** `states` are those of the set's rules, in their order. Tags of rules that are gone are dropped. */
export function makePlan(
  { rules }: Pick<RuleSet, 'rules'>,
  states: readonly RuleState[],
  tags: Tags,
): Plan {
  const draft: Draft = {
    specs: [],
    gates: new Map(),
    ledgers: [],
    shapes: [],
    bits: new Map(),
    tags,
  };
  renewTags(tags);
  const planned = rules.map((compiled, index) => {
    const state = states[index];
    if (state === undefined) throw new Error(`rule ${compiled.rule.id} has no state`);
    return planRule(draft, compiled, state, index);
  });
  return {
    rules: planned,
    specs: draft.specs,
    gates: [...draft.gates.values()],
    ledgers: Array.from({ length: tags.next }, (_, tag) => draft.ledgers[tag] ?? NOTHING),
    shapes: Array.from({ length: tags.next }, (_, tag) => draft.shapes[tag]),
    bitRules: Array.from({ length: tags.next * 32 }, (_, at) => draft.bits.get(at)),
    keptUs: Math.max(0, ...rules.map(({ muteUs, count }) => Math.max(muteUs, count?.keptUs ?? 0))),
    tagsEnd: tags.next,
  };
}

function planRule(draft: Draft, compiled: CompiledRule, state: RuleState, index: number): RulePlan {
  const { count } = compiled;
  const muteSpec = specIndex(draft, compiled.muteSpec);
  const own = count === null ? null : ownOrder(compiled, count, state, index);
  // One literal for all of them: objects that are spread get a hidden class each, and V8 would look
  // up every property of a plan by its name.
  return {
    compiled,
    state,
    main:
      count === null
        ? null
        : place(draft, compiled, count, mainOrder(compiled, count, state, index)),
    own: count === null || own === null ? null : place(draft, compiled, count, own),
    muteSpec,
    once: count?.repeats !== true,
    harm: ATTACK_TYPES.indexOf(compiled.rule.attackType),
    floods: isHarmfulFlood(compiled.rule),
    muteWord: wordOf(takeBit(draft.tags, `mute ${compiled.key}`, '').tag),
    gate: count === null ? null : gateOf(count.spec, draft.gates),
  };
}

interface Order {
  readonly key: KeySpec;
  readonly tally: TallySpec;
  /** Names the rule, and its own share apart. */
  readonly name: string;
  readonly index: number;
  readonly state: RuleState;
}

const mainOrder = (
  { key: name }: CompiledRule,
  { spec: key, tally }: CompiledCount,
  state: RuleState,
  index: number,
): Order => ({ key, tally, name, index, state });

const ownOrder = (
  { key: name, muteSpec: key }: CompiledRule,
  { own }: CompiledCount,
  state: RuleState,
  index: number,
): Order | null => (own === null ? null : { key, tally: own, name: `own ${name}`, index, state });

function place(
  draft: Draft,
  compiled: CompiledRule,
  { distinct, forgets }: CompiledCount,
  { key, tally, name, index, state }: Order,
): Place {
  const shape = shapeOf(distinct, tally);
  const isLedger = shape === 'ledger';
  const settles = tally.settleUs > 0;
  // Enough for each of the rules, also when each looks at values of its own.
  const values = tally.over + 1 + (settles ? LIMITS.ruleUnsettledMax : 0);
  const ledger = isLedger ? ledgerName(compiled, tally) : `tape ${name}`;
  const { tag, bit } = takeTag(draft, `${key.names.join(' ')}: ${ledger}`, name, values, state);
  const within = spanTicks(tally.withinUs);
  const settle = spanTicks(tally.settleUs);
  const held = (draft.ledgers[tag] ??= { sizeMax: 0, kept: 0, settle, firsts: true });
  if (!draft.bits.has(tag * 32 + bit)) held.sizeMax += values;
  held.kept = Math.max(held.kept, within);
  // The sources of a thing that is not a source's own; of one source no such rule tells anything.
  const countsSources = compiled.rule.count?.distinct === 'source' && !key.names.includes('source');
  held.firsts &&= countsSources && isLedger && !settles && tally.over > 0 && forgets === null;
  draft.shapes[tag] = shape;
  draft.bits.set(tag * 32 + bit, { index, state, within });
  return {
    spec: specIndex(draft, key),
    word: wordOf(tag),
    shape,
    bit,
    entryCells: entryCells(shape, tally),
    value: distinct,
    over: tally.over,
    within,
    settle,
    leakUs: tally.leakUs,
    apartUs: tally.apartUs,
    thingCells: distinct === null ? THING_CELLS : VALUED_CELLS,
  };
}

function entryCells(shape: CountShape, { leakUs, apartUs }: TallySpec): number {
  if (shape === 'bucket') return BUCKET_CELLS;
  return leakUs > 0 || apartUs > 0 ? MARKED_TAPE_CELLS : TAPE_CELLS;
}

function shapeOf(distinct: HashReader | null, { leakUs, apartUs }: TallySpec): CountShape {
  if (leakUs > 0 && apartUs === 0 && distinct === null) return 'bucket';
  return distinct === null || leakUs > 0 || apartUs > 0 ? 'tape' : 'ledger';
}

/** A bit of a ledger that has room for so many values more. */
function takeTag(
  draft: Draft,
  name: string,
  rule: string,
  values: number,
  state: RuleState,
): TagBit {
  for (let part = 0; ; part += 1) {
    const named = part === 0 ? name : `${name} ${part}`;
    const tag = draft.tags.byName.get(named)?.tag;
    const held = tag === undefined ? 0 : (draft.ledgers[tag]?.sizeMax ?? 0);
    if (held === 0 || held + values <= LEDGER_VALUES_MAX) return takeBit(draft.tags, named, rule);
    // Other rules took its room: it begins anew in another ledger.
    if (draft.tags.before.get(named)?.bits.has(rule) === true) state.members = 0;
  }
}

/**
 * Rules with the same name share records. Of values in a plain window the last time is kept for all
 * of them together; when a value settles depends on what the rule looks at, so such rules share only
 * with their like.
 */
function ledgerName({ rule }: CompiledRule, { settleUs }: TallySpec): string {
  const field = rule.count?.distinct ?? '';
  if (settleUs === 0) return `values ${field}`;
  const { match, when, count } = rule;
  return `settled ${field} ${settleUs} ${JSON.stringify([match, when, count?.forgetWhen])}`;
}

function specIndex({ specs }: Draft, key: KeySpec): number {
  const known = specs.findIndex((spec) => spec.key === key);
  if (known !== -1) return known;
  specs.push({ key, used: false, cells: [] });
  return specs.length - 1;
}

function gateOf({ names }: KeySpec, gates: Map<string, Gate>): Gate | null {
  const name = names.find((each) => each === 'source_prefix' || each === 'source_site');
  if (name === undefined || names.includes('source')) return null;
  const known = gates.get(name);
  if (known !== undefined) return known;
  const field = fieldNamed(name);
  if (field === null) throw new Error(`there is no field ${name}`);
  const gate: Gate = { network: hashReaderOf(field), open: false };
  gates.set(name, gate);
  return gate;
}
