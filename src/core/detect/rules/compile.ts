import { AgentError } from '../../common/errors.js';
import { LIMITS } from '../../common/limits.js';
import type { TrapEvent } from '../../model/event.js';
import type { Rule, RuleContext, RuleCount } from '../../model/rule.js';
import { compileCondition } from './condition.js';
import type { Condition, ConditionResult } from './condition.js';
import { hashReaderOf } from '../fields/event-view.js';
import type { HashReader } from '../fields/event-view.js';
import { fieldNamed, SOURCE_FIELDS } from '../fields/fields.js';
import { keySpecOf } from '../fields/key-spec.js';
import type { KeySpec } from '../fields/key-spec.js';
import { compileMatcher } from './match.js';
import type { Conditions, Matcher } from './match.js';
import type { Certain } from './read-condition.js';
import type { TallySpec } from '../count/tally.js';

export interface CompiledCount {
  readonly tally: TallySpec;
  readonly distinct: HashReader | null;
  /** What makes a group. */
  readonly spec: KeySpec;
  /** How much the source itself must have done, where a group has several sources. */
  readonly own: TallySpec | null;
  readonly forgets: Condition | null;
  /** Retransmissions count too. */
  readonly repeats: boolean;
  /** Microseconds without an event after which a tally means nothing any more. */
  readonly keptUs: number;
}

export interface CompiledRule {
  readonly rule: Rule;
  /** Place in the rule set. */
  readonly index: number;
  /** Changes when what was counted under it means something else. */
  readonly key: string;
  readonly muteUs: number;
  /** It counts how many sources a network has, which says nothing of any one of them. */
  readonly ofNetwork: boolean;
  /** For what a rule is mute after it has fired: always of one source. */
  readonly muteSpec: KeySpec;
  /** The conditions as the interpreter runs them, for what the matcher leaves. */
  readonly condition: Condition | null;
  readonly count: CompiledCount | null;
  readonly conditions: Conditions;
}

/** Rules that are looked at together. */
export interface RuleList {
  readonly rules: readonly CompiledRule[];
  /** Their places in the rule set. */
  readonly indexes: Int32Array;
  /** Finds out for all of them at once which conditions hold. */
  readonly match: Matcher;
}

/** The rules of one kind of message, so that only those of its method are looked at. */
interface MethodIndex {
  readonly byMethod: ReadonlyMap<string, RuleList>;
  /** Rules for a method that no rule names. */
  readonly others: RuleList;
}

export interface RuleSet {
  readonly rules: readonly CompiledRule[];
  readonly index: Readonly<Record<RuleContext, KindIndex>>;
}

type KindIndex = Readonly<Record<Rule['match']['kind'], MethodIndex>>;

/**
 * Makes rules ready to run: conditions type-checked and compiled, indexed by kind and method.
 * Throws AgentError RULES_INVALID for a condition or field that cannot work, an id given twice, or
 * more rules than are allowed.
 */
export function compileRules(rules: readonly Rule[]): RuleSet {
  if (rules.length > LIMITS.rulesMax) {
    const message = `there are ${rules.length} rules, at most ${LIMITS.rulesMax} are allowed`;
    throw new AgentError('RULES_INVALID', message, 'Take away rules that are not needed.');
  }
  const ids = new Set<string>();
  const compiled = rules.map((rule, index) => {
    if (ids.has(rule.id)) throw wrong(rule, `the id '${rule.id}' is used twice`);
    ids.add(rule.id);
    return compileRule(rule, index);
  });
  return {
    rules: compiled,
    index: { trap: kindsOf(compiled, 'trap'), pbx: kindsOf(compiled, 'pbx') },
  };
}

function kindsOf(compiled: readonly CompiledRule[], context: RuleContext): KindIndex {
  const concerned = compiled.filter(
    ({ rule }) => rule.context === context || rule.context === 'any',
  );
  return {
    request: indexOf(concerned, 'request'),
    response: indexOf(concerned, 'response'),
    other: indexOf(concerned, 'other'),
  };
}

/** The rules that may concern an event: what a trap received, or a message to a PBX. */
export function rulesFor(
  { index }: RuleSet,
  { sensor = 'trap', message: { kind, method } }: Pick<TrapEvent, 'sensor' | 'message'>,
): RuleList {
  const methods = index[sensor === 'trap' ? 'trap' : 'pbx'][kind];
  return method === null ? methods.others : (methods.byMethod.get(method) ?? methods.others);
}

function compileRule(rule: Rule, index: number): CompiledRule {
  const { count } = rule;
  const when = conditionOf(rule, rule.when);
  const forgets = conditionOf(rule, count?.forgetWhen ?? null);
  return {
    rule,
    index,
    key: JSON.stringify([rule.id, rule.version, rule.match, rule.when, count]),
    muteUs: rule.muteS * 1e6,
    ofNetwork: count !== null && isOfNetwork(count),
    muteSpec: keySpecOf(count === null ? ['source'] : withSource(count.by)),
    condition: when?.condition ?? null,
    count: count === null ? null : compileCount(rule, count, forgets?.condition ?? null),
    conditions: { when: when?.node ?? null, forgetWhen: forgets?.node ?? null },
  };
}

function compileCount(rule: Rule, count: RuleCount, forgets: Condition | null): CompiledCount {
  for (const name of count.by) checkField(rule, name);
  const { over, distinct, own, repeats } = count;
  const windowUs = (count.withinS ?? 0) * 1e6;
  const leakUs = (count.leakS ?? 0) * 1e6;
  // What a bucket holds was counted while it would run empty.
  const ownUs = leakUs > 0 ? leakUs * over : windowUs;
  return {
    tally: tallySpec(count, over, windowUs, leakUs),
    distinct: distinct === null ? null : checkField(rule, distinct),
    spec: keySpecOf(count.by),
    own: own === null ? null : tallySpec(count, own - 1, ownUs, 0),
    forgets,
    repeats,
    keptUs: Math.max(windowUs, leakUs * (over + 1)),
  };
}

function tallySpec(
  { apartS, settleS }: RuleCount,
  over: number,
  withinUs: number,
  leakUs: number,
): TallySpec {
  // What must lie apart need not settle; what waits to settle needs room besides.
  const settles = apartS === null && settleS !== null;
  const thingsMax = over + 1 + (settles ? LIMITS.ruleUnsettledMax : 0);
  const apartUs = (apartS ?? 0) * 1e6;
  return { over, withinUs, leakUs, apartUs, settleUs: settles ? settleS * 1e6 : 0, thingsMax };
}

/** True where nothing but the network decides who is counted, and what is counted are its sources. */
const isOfNetwork = ({ by, distinct, own }: RuleCount): boolean =>
  distinct === 'source' &&
  own === null &&
  by.every((name) => name !== 'source' && SOURCE_FIELDS.has(name));

/**
 * The fields of a group and the source. What the source's address decides (its prefix) is left out
 * then, so that such rules share the group of the source.
 */
function withSource(by: readonly string[]): readonly string[] {
  if (by.includes('source')) return by;
  return ['source', ...by.filter((name) => !SOURCE_FIELDS.has(name))];
}

function conditionOf(
  rule: Rule,
  source: string | null,
): Extract<ConditionResult, { ok: true }> | null {
  if (source === null) return null;
  const result = compileCondition(source);
  if (!result.ok) throw wrong(rule, `rule '${rule.id}': ${result.fault.message}`);
  return result;
}

function checkField(rule: Rule, name: string): HashReader {
  const field = fieldNamed(name);
  if (field === null) throw wrong(rule, `rule '${rule.id}': there is no field '${name}'`);
  if (field.type === 'list<string>') {
    throw wrong(rule, `rule '${rule.id}': '${name}' is a list and cannot be counted`);
  }
  return hashReaderOf(field);
}

function wrong({ sourceFile, sourceLine }: Rule, message: string): AgentError {
  return new AgentError(
    'RULES_INVALID',
    `${sourceFile}:${sourceLine}: ${message}`,
    'Correct the rule file; docs/RULES.md describes the format and the fields.',
  );
}

function indexOf(rules: readonly CompiledRule[], kind: Rule['match']['kind']): MethodIndex {
  const concerned = rules.filter(({ rule }) => rule.match.kind === kind);
  const methods = new Set(concerned.flatMap(({ rule }) => rule.match.methods ?? []));
  const byMethod = new Map<string, RuleList>();
  for (const method of methods) {
    const those = concerned.filter(({ rule }) => rule.match.methods?.includes(method) ?? true);
    byMethod.set(method, listOf(those, { kind, method }));
  }
  const others = concerned.filter(({ rule }) => rule.match.methods === null);
  return { byMethod, others: listOf(others, { kind, method: null }) };
}

const listOf = (rules: readonly CompiledRule[], certain: Certain): RuleList => ({
  rules,
  indexes: Int32Array.from(rules, ({ index }) => index),
  match: compileMatcher(
    rules.map(({ conditions }) => conditions),
    certain,
  ),
});
