import type { AttackType } from './attack-type.js';
import type { Proof } from './proof.js';
import type { Outcome } from './sensor.js';
import type { Transport } from './transport.js';

/** How grave a firing is, for a person who reads a list. It has no effect on the score; of floods see `isHarmfulFlood`. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Which messages a rule looks at, before its condition is tried. */
export interface RuleMatch {
  readonly kind: 'request' | 'response' | 'other';
  /** Methods as sent (RFC 3261, 7.1: case matters); for a response the CSeq method. null: all. */
  readonly methods: readonly string[] | null;
}

/**
 * The counting form: the rule fires while MORE than `over` things were seen in one group, within
 * the last `withinS` seconds or, with `leakS`, in a bucket from which one thing leaks so often. A
 * group is one combination of the values of the `by` fields. The source of the event that tips the
 * scale gets the points, whatever the group. Of `withinS` and `leakS` exactly one is null.
 */
export interface RuleCount {
  readonly by: readonly string[];
  /** Counts the different values of this field; null: counts the events. */
  readonly distinct: string | null;
  readonly over: number;
  readonly withinS: number | null;
  readonly leakS: number | null;
  /** An event counts only when the one before it lies at least so far back. */
  readonly apartS: number | null;
  /** A value counts only when it was seen once, and at least so long ago. */
  readonly settleS: number | null;
  /** So many of the things must be the source's own; for groups of several sources. */
  readonly own: number | null;
  /** true: retransmissions count too. */
  readonly repeats: boolean;
  /** Condition (CEL): an event for which it holds takes its own value out of the count again. */
  readonly forgetWhen: string | null;
}

/**
 * What a rule goes by: `tool` knows one program by its name or by a sign of its making, `behaviour`
 * what is done, whoever does it.
 */
export const RULE_BASES = ['behaviour', 'tool'] as const;
export type RuleBasis = (typeof RULE_BASES)[number];

/**
 * What a rule may assume of what an event was sent to. On a `trap` nobody has an account and nobody
 * may call out; a `pbx` has both, and honest people who mistype them.
 */
export const RULE_CONTEXTS = ['trap', 'pbx'] as const;
export type RuleContext = (typeof RULE_CONTEXTS)[number];

/** One configured detector, as read from YAML (docs/RULES.md). Conditions are CEL source text. */
export interface Rule {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly attackType: AttackType;
  readonly severity: Severity;
  readonly basis: RuleBasis;
  readonly context: RuleContext | 'any';
  readonly description: string;
  readonly references: readonly string[];
  readonly match: RuleMatch;
  /** null: every message that `match` lets through. */
  readonly when: string | null;
  /** null: the rule fires on each event for which the condition holds. */
  readonly count: RuleCount | null;
  /** Points of a firing that rests on events without proof. */
  readonly points: number;
  /** How many of the points of a firing that proven events alone reach are proven; never fewer in all. */
  readonly pointsProven: number;
  /** Seconds for which the same group gives no further points after a firing. */
  readonly muteS: number;
  readonly samples: readonly RuleSample[];
  /** Where the rule was read; lines count from 1. */
  readonly sourceFile: string;
  readonly sourceLine: number;
}

/**
 * True for a rule that sees a rate which harms the trap itself, and no mere haste: a flood that is
 * graver than `medium`. Who does that is not heard any longer, whatever the scope of blocks.
 */
export const isHarmfulFlood = ({ attackType, severity }: Rule): boolean =>
  attackType === 'flood' && (severity === 'high' || severity === 'critical');

/** One message of a sample; `repeat` sends it so often, `{n}` in `raw`, `source` and `local` being 1, 2, 3 … */
export interface SampleEvent {
  readonly raw: string;
  readonly source: string;
  readonly sourcePort: number;
  /** Address of ours that it is sent to. */
  readonly local: string;
  readonly transport: Transport;
  readonly proof: Proof;
  readonly retransmission: boolean;
  /** What the PBX made of it; other than `none` for events of a PBX alone. */
  readonly outcome: Outcome;
  /** Somebody logged in from its source a while ago. */
  readonly vouched: boolean;
  readonly repeat: number;
  /** Milliseconds between the event before it and this one. */
  readonly afterMs: number;
}

/** What a rule's author says that the rule does with some events; null: not said. */
export interface SampleExpectation {
  /** How often the rule fires. */
  readonly sightings: number;
  /** The event, counted from 1, on which it fires first. */
  readonly firstEvent: number | null;
  /** Sums over all firings. */
  readonly points: number | null;
  readonly pointsProven: number | null;
}

export interface RuleSample {
  readonly name: string;
  readonly events: readonly SampleEvent[];
  readonly expect: SampleExpectation;
}
