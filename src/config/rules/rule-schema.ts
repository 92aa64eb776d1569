import { z } from 'zod';
import { canonicalAddress } from '../../core/common/address.js';
import { ATTACK_TYPES } from '../../core/model/attack-type.js';
import { readSeconds } from '../../core/common/duration.js';
import { LIMITS } from '../../core/common/limits.js';
import { RULE_BASES, RULE_CONTEXTS, SEVERITIES } from '../../core/model/rule.js';
import type { Rule, RuleCount } from '../../core/model/rule.js';
import { OUTCOMES } from '../../core/model/sensor.js';
import { PROOFS, transportProof } from '../../core/model/proof.js';
import { TRANSPORTS } from '../../core/model/transport.js';
import { fieldNamed, FIELDS } from '../../core/detect/fields/fields.js';

const text = (charsMax: number) => z.string().trim().min(1).max(charsMax);
const integer = (least: number, most: number) => z.int().min(least).max(most);

const duration = z.string().transform((value, context) => {
  // A number that begins with 0 is more likely a slip than a duration.
  const seconds = value.startsWith('0') ? null : readSeconds(value);
  if (seconds !== null && seconds <= LIMITS.ruleWindowSMax) return seconds;
  context.issues.push({
    code: 'custom',
    input: value,
    message: 'allowed is a number and a unit, as in 90s, 10m, 4h or 7d, at most 7d',
  });
  return z.NEVER;
});

/** As a duration, and also thousandths of a second: `10ms`. */
const fineDuration = z.union([
  z
    .string()
    .regex(/^[1-9]\d{0,2}ms$/)
    .transform((value) => Number(value.slice(0, -2)) / 1_000),
  duration,
]);

const countable = FIELDS.filter(({ type }) => type !== 'list<string>').map(({ name }) => name);

const countedField = z.string().refine((name) => countable.includes(name), {
  error: ({ input }) =>
    fieldNamed(String(input)) === null
      ? `allowed is one of ${countable.join(', ')}`
      : 'a list cannot be counted',
  params: { candidates: countable },
});

const by = z
  .union([countedField, z.array(countedField).min(1).max(4)])
  .transform((names) => (typeof names === 'string' ? [names] : names));

const method = z.string().regex(/^[A-Za-z0-9!%*_+`'~.-]{1,32}$/, {
  error: 'allowed is a SIP method, as in REGISTER',
});

const count = z
  .strictObject({
    by,
    distinct: countedField.optional(),
    over: integer(0, LIMITS.ruleCountMax),
    within: duration.optional(),
    leak: fineDuration.optional(),
    apart: duration.optional(),
    settle: fineDuration.optional(),
    own: integer(2, LIMITS.ruleCountMax).optional(),
    retransmissions: z.boolean().default(false),
    forget_when: text(LIMITS.conditionCharsMax).optional(),
  })
  .refine(({ within, leak }) => (within === undefined) !== (leak === undefined), {
    error: 'allowed is either `within` or `leak`',
  })
  .refine(({ leak, apart, settle }) => leak === undefined || !(apart ?? settle), {
    error: '`apart` and `settle` go with `within`, not with `leak`',
  })
  .refine(({ settle, distinct }) => settle === undefined || distinct !== undefined, {
    error: '`settle` needs `distinct`: it is about values that do not come again',
  })
  .refine(({ own, by: names }) => own === undefined || !names.includes('source'), {
    error: '`own` is for groups of several sources: leave `source` out of `by`',
  });

const address = z.string().transform((value, context) => {
  // `{n}` becomes the number of the repetition.
  const canonical = canonicalAddress(value.replaceAll('{n}', '1'));
  if (canonical !== null) return value.includes('{n}') ? value : canonical;
  context.issues.push({ code: 'custom', input: value, message: 'allowed is an IP address' });
  return z.NEVER;
});

const sampleEvent = z
  .strictObject({
    raw: z.string().min(1).max(LIMITS.rawBytesMax),
    source: address.default('198.51.100.1'),
    source_port: integer(1, 65_535).default(5060),
    local: address.default('192.0.2.1'),
    transport: z.enum(TRANSPORTS).default('udp'),
    proof: z.enum(PROOFS).optional(),
    retransmission: z.boolean().default(false),
    outcome: z.enum(OUTCOMES).default('none'),
    vouched: z.boolean().default(false),
    repeat: integer(1, 1_000).default(1),
    after_ms: integer(0, LIMITS.ruleWindowSMax * 1_000).default(20),
  })
  .transform((event) => ({
    raw: event.raw,
    source: event.source,
    sourcePort: event.source_port,
    local: event.local,
    transport: event.transport,
    proof: event.proof ?? transportProof(event.transport),
    retransmission: event.retransmission,
    outcome: event.outcome,
    vouched: event.vouched,
    repeat: event.repeat,
    afterMs: event.after_ms,
  }));

const sample = z.strictObject({
  name: text(200),
  events: z
    .array(sampleEvent)
    .min(1)
    .refine((events) => totalEvents(events) <= LIMITS.ruleSampleEventsMax, {
      error: `allowed are ${LIMITS.ruleSampleEventsMax} events with all repetitions`,
    }),
  expect: z
    .strictObject({
      sightings: integer(0, LIMITS.ruleSampleEventsMax),
      first_event: integer(1, LIMITS.ruleSampleEventsMax).optional(),
      points: integer(0, 10_000_000).optional(),
      points_proven: integer(0, 10_000_000).optional(),
    })
    .transform((expect) => ({
      sightings: expect.sightings,
      firstEvent: expect.first_event ?? null,
      points: expect.points ?? null,
      pointsProven: expect.points_proven ?? null,
    })),
});

const totalEvents = (events: readonly { readonly repeat: number }[]): number =>
  events.reduce((sum, { repeat }) => sum + repeat, 0);

const ruleId = z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, {
  error: 'allowed are lower-case letters, digits and single hyphens, as in my-rule-1',
});

/** Two keys are enough to switch a rule off. */
export const switchOffSchema = z.strictObject({ id: ruleId, enabled: z.literal(false) });

/** One YAML document of a rule file, as it is written. */
export const ruleDocument = z.strictObject({
  id: ruleId,
  name: text(100),
  version: integer(1, 1_000_000),
  attack_type: z.enum(ATTACK_TYPES),
  severity: z.enum(SEVERITIES),
  enabled: z.boolean().default(true),
  basis: z.enum(RULE_BASES).default('behaviour'),
  context: z.enum([...RULE_CONTEXTS, 'any']).default('trap'),
  description: text(2_000),
  references: z.array(text(300)).max(20).default([]),
  match: z
    .strictObject({
      kind: z.enum(['request', 'response', 'other']).default('request'),
      methods: z.array(method).min(1).max(32).optional(),
    })
    .default({ kind: 'request' }),
  when: text(LIMITS.conditionCharsMax).optional(),
  count: count.optional(),
  points: integer(0, LIMITS.rulePointsMax),
  points_proven: integer(0, LIMITS.rulePointsMax).optional(),
  mute: duration.default(60),
  samples: z.array(sample).max(LIMITS.ruleSamplesMax).default([]),
});

/** The document checked, and as a Rule (its place is added later); null: it switches a rule off. */
export const ruleSchema = ruleDocument.transform((rule) => ({
  id: rule.id,
  rule: rule.enabled ? toRule(rule) : null,
}));
type RuleInput = z.output<typeof ruleDocument>;

function toRule(rule: RuleInput): Omit<Rule, 'sourceFile' | 'sourceLine'> {
  return {
    id: rule.id,
    name: rule.name,
    version: rule.version,
    attackType: rule.attack_type,
    severity: rule.severity,
    basis: rule.basis,
    context: rule.context,
    description: rule.description,
    references: rule.references,
    match: { kind: rule.match.kind, methods: rule.match.methods ?? null },
    when: rule.when ?? null,
    count: rule.count === undefined ? null : toCount(rule.count),
    points: rule.points,
    pointsProven: rule.points_proven ?? rule.points,
    muteS: rule.mute,
    samples: rule.samples,
  };
}

const toCount = (given: z.output<typeof count>): RuleCount => ({
  by: given.by,
  distinct: given.distinct ?? null,
  over: given.over,
  withinS: given.within ?? null,
  leakS: given.leak ?? null,
  apartS: given.apart ?? null,
  settleS: given.settle ?? null,
  own: given.own ?? null,
  repeats: given.retransmissions,
  forgetWhen: given.forget_when ?? null,
});

/** The keys that are allowed at a place of a rule, for suggestions. */
export function allowedKeys(path: readonly PropertyKey[]): readonly string[] {
  const at = path.filter((part) => typeof part === 'string').join('.');
  return ALLOWED_KEYS[at] ?? [];
}

const ALLOWED_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(ruleDocument.shape),
  match: ['kind', 'methods'],
  count: Object.keys(count.shape),
  samples: ['name', 'events', 'expect'],
  'samples.events': Object.keys(sampleEvent.in.shape),
  'samples.expect': ['sightings', 'first_event', 'points', 'points_proven'],
};
