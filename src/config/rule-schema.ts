import { z } from 'zod';
import { canonicalAddress } from '../core/model/address.js';
import { ATTACK_TYPES } from '../core/model/attack-type.js';
import { LIMITS } from '../core/model/limits.js';
import { SEVERITIES } from '../core/model/rule.js';
import type { Rule } from '../core/model/rule.js';
import { transportProof } from '../core/model/proof.js';
import { fieldNamed, FIELDS } from '../core/detect/fields.js';

const UNIT_S = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

const text = (charsMax: number) => z.string().trim().min(1).max(charsMax);
const integer = (least: number, most: number) => z.int().min(least).max(most);

const duration = z.string().transform((value, context) => {
  const match = /^([1-9]\d{0,6})([smhd])$/.exec(value);
  // The pattern lets through exactly the keys of UNIT_S.
  const seconds = match === null ? 0 : Number(match[1]) * UNIT_S[match[2] as keyof typeof UNIT_S];
  if (seconds > 0 && seconds <= LIMITS.ruleWindowSMax) return seconds;
  context.issues.push({
    code: 'custom',
    input: value,
    message: 'allowed is a number and a unit, as in 90s, 10m, 4h or 7d, at most 7d',
  });
  return z.NEVER;
});

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
  .transform((names) => (typeof names === 'string' ? [names] : names))
  .refine((names) => names.includes('source'), { error: '`source` must be one of the fields' });

const method = z.string().regex(/^[A-Za-z0-9!%*_+`'~.-]{1,32}$/, {
  error: 'allowed is a SIP method, as in REGISTER',
});

const count = z.strictObject({
  by,
  distinct: countedField.optional(),
  over: integer(0, LIMITS.ruleCountMax),
  within: duration,
  forget_when: text(LIMITS.conditionCharsMax).optional(),
});

const address = z.string().transform((value, context) => {
  const canonical = canonicalAddress(value);
  if (canonical !== null) return canonical;
  context.issues.push({ code: 'custom', input: value, message: 'allowed is an IP address' });
  return z.NEVER;
});

const sampleEvent = z
  .strictObject({
    raw: z.string().min(1).max(LIMITS.rawBytesMax),
    source: address.default('198.51.100.1'),
    source_port: integer(1, 65_535).default(5060),
    transport: z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']).default('udp'),
    proof: z.enum(['none', 'nonce', 'dialog', 'tcp', 'tls']).optional(),
    retransmission: z.boolean().default(false),
    repeat: integer(1, 1_000).default(1),
    after_ms: integer(0, LIMITS.ruleWindowSMax * 1_000).default(20),
  })
  .transform((event) => ({
    raw: event.raw,
    source: event.source,
    sourcePort: event.source_port,
    transport: event.transport,
    proof: event.proof ?? transportProof(event.transport),
    retransmission: event.retransmission,
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

/** One YAML document of a rule file, and the Rule that it becomes (its place is added later). */
export const ruleSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, {
      error: 'allowed are lower-case letters, digits and single hyphens, as in my-rule-1',
    }),
    name: text(100),
    version: integer(1, 1_000_000),
    attack_type: z.enum(ATTACK_TYPES),
    severity: z.enum(SEVERITIES),
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
  })
  .transform((rule): Omit<Rule, 'sourceFile' | 'sourceLine'> => ({
    id: rule.id,
    name: rule.name,
    version: rule.version,
    attackType: rule.attack_type,
    severity: rule.severity,
    description: rule.description,
    references: rule.references,
    match: { kind: rule.match.kind, methods: rule.match.methods ?? null },
    when: rule.when ?? null,
    count:
      rule.count === undefined
        ? null
        : {
            by: rule.count.by,
            distinct: rule.count.distinct ?? null,
            over: rule.count.over,
            withinS: rule.count.within,
            forgetWhen: rule.count.forget_when ?? null,
          },
    points: rule.points,
    pointsProven: rule.points_proven ?? rule.points,
    muteS: rule.mute,
    samples: rule.samples,
  }));

/** The keys that are allowed at a place of a rule, for suggestions. */
export function allowedKeys(path: readonly PropertyKey[]): readonly string[] {
  const at = path.filter((part) => typeof part === 'string').join('.');
  return ALLOWED_KEYS[at] ?? [];
}

const ALLOWED_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': [
    'id',
    'name',
    'version',
    'attack_type',
    'severity',
    'description',
    'references',
    'match',
    'when',
    'count',
    'points',
    'points_proven',
    'mute',
    'samples',
  ],
  match: ['kind', 'methods'],
  count: ['by', 'distinct', 'over', 'within', 'forget_when'],
  samples: ['name', 'events', 'expect'],
  'samples.events': Object.keys(sampleEvent.in.shape),
  'samples.expect': ['sightings', 'first_event', 'points', 'points_proven'],
};
