import { LIMITS } from '../model/limits.js';
import type { CompiledCount, CompiledRule, RuleSet, TallySpec } from './compile.js';
import { hashReaderOf } from './event-view.js';
import type { HashReader } from './event-view.js';
import { fieldNamed } from './fields.js';
import type { KeySpec } from './key-spec.js';
import type { RuleState } from './state.js';
import type { TapeSpec } from './tape.js';
import { spanTicks } from './ticks.js';

/**
 * Where one rule counts: in which groups, under which word, and as which bit. Rules that count
 * different values of one field in the same groups share the records of these values (a *ledger*)
 * and have a bit each; a rule that counts events, or leaks, has a *tape* of its own.
 */
export interface Place extends TapeSpec {
  /** Index in `Plan.specs`. */
  readonly spec: number;
  /** Of the rule's records over all events; the next word is that of proven events alone. */
  readonly word: number;
  readonly bit: number;
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
  /** Index in `Plan.specs` of the groups that it is mute for. */
  readonly muteSpec: number;
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
}

/** How many values of one tag a group holds, for how many ticks one can count, and when it settles. */
export interface Ledger {
  sizeMax: number;
  kept: number;
  settle: number;
  /** What one source alone sent waits in the table of first-table.ts: all rules of it bear that. */
  firsts: boolean;
}

/** Whose a bit of a ledger is, and when a value counts for it (ticks). */
export interface BitRule {
  readonly index: number;
  readonly state: RuleState;
  readonly over: number;
  readonly within: number;
  readonly settle: number;
}

/** How the rules of a set count; made once for a set. */
export interface Plan {
  /** In the order of the set. */
  readonly rules: readonly RulePlan[];
  readonly specs: readonly PlanSpec[];
  readonly gates: readonly Gate[];
  /** By tag. */
  readonly ledgers: readonly Ledger[];
  /** By tag × 32 + bit. */
  readonly bitRules: readonly (BitRule | undefined)[];
  /** Microseconds after which no record of a group means anything any more. */
  readonly keptUs: number;
  /** Numbers of tags and of rules' slots in records are below these. */
  readonly tagsEnd: number;
  readonly slotsEnd: number;
}

/** Which tags and bits records carry, kept over reloads: what was counted stays counted. */
export interface Tags {
  next: number;
  byName: Map<string, Tag>;
}

interface Tag {
  readonly tag: number;
  readonly bits: Map<string, number>;
  nextBit: number;
}

/** Word of the records that say for how long a rule is mute. */
export const MUTE_WORD = 0;
/** Set in the words of tapes. */
export const TAPE_FLAG = 2;
/** Set in the word of a long ledger's head. */
export const LONG_FLAG = 1 << 30;
const BITS_MAX = 31;
const NOTHING: Ledger = { sizeMax: 0, kept: 0, settle: 0, firsts: false };

/** A record's word holds the tag, whether it is the head of a tape, and in the last bit the kind. */
export const tagOf = (word: number): number => word >> 2;

/** The word of a ledger's records over all events. */
export const wordOf = (tag: number): number => tag << 2;

export const createTags = (): Tags => ({ next: 1, byName: new Map() });

interface Draft {
  readonly specs: PlanSpec[];
  readonly gates: Map<string, Gate>;
  readonly ledgers: Ledger[];
  readonly bits: Map<number, BitRule>;
  readonly before: ReadonlyMap<string, Tag>;
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
    bits: new Map(),
    before: tags.byName,
    tags,
  };
  tags.byName = new Map();
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
    bitRules: Array.from({ length: tags.next * 32 }, (_, at) => draft.bits.get(at)),
    keptUs: Math.max(0, ...rules.map(({ muteUs, count }) => Math.max(muteUs, count?.keptUs ?? 0))),
    tagsEnd: tags.next,
    slotsEnd: 1 + Math.max(0, ...states.map(({ slot }) => slot)),
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
  const isTape = distinct === null || tally.leakUs > 0 || tally.apartUs > 0;
  const ledger = isTape ? `tape ${name}` : ledgerName(compiled, tally);
  const { tag, bit } = takeBit(draft, `${key.names.join(' ')}: ${ledger}`, name);
  const within = spanTicks(tally.withinUs);
  const settle = spanTicks(tally.settleUs);
  const held = (draft.ledgers[tag] ??= { sizeMax: 0, kept: 0, settle, firsts: true });
  const unsettled = tally.settleUs > 0 ? LIMITS.ruleUnsettledMax : 0;
  // Enough for each of the rules, also when each looks at values of its own.
  if (!draft.bits.has(tag * 32 + bit)) held.sizeMax += tally.over + 1 + unsettled;
  held.kept = Math.max(held.kept, within);
  // The sources of a thing that is not a source's own; of one source no such rule tells anything.
  const countsSources = compiled.rule.count?.distinct === 'source' && !key.names.includes('source');
  held.firsts &&= countsSources && !isTape && settle === 0 && tally.over > 0 && forgets === null;
  draft.bits.set(tag * 32 + bit, { index, state, over: tally.over, within, settle });
  return {
    spec: specIndex(draft, key),
    word: (tag << 2) | (isTape ? TAPE_FLAG : 0),
    bit,
    value: distinct,
    over: tally.over,
    within,
    settle,
    leakUs: tally.leakUs,
    apartUs: tally.apartUs,
  };
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

function takeBit(
  { before, tags }: Draft,
  name: string,
  rule: string,
): { readonly tag: number; readonly bit: number } {
  let entry = tags.byName.get(name) ?? before.get(name);
  // No bit is given twice, or a new rule would take over what an old one counted.
  if (entry === undefined || (!entry.bits.has(rule) && entry.nextBit >= BITS_MAX)) {
    entry = { tag: tags.next++, bits: new Map(), nextBit: 0 };
  }
  tags.byName.set(name, entry);
  const bit = entry.bits.get(rule) ?? entry.nextBit++;
  entry.bits.set(rule, bit);
  return { tag: entry.tag, bit };
}

function specIndex({ specs }: Draft, key: KeySpec): number {
  const known = specs.findIndex((spec) => spec.key === key);
  if (known !== -1) return known;
  specs.push({ key, used: false });
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
