import { z } from 'zod';
import { ANOMALIES } from '../../core/model/anomaly.js';
import { ATTACK_TYPES } from '../../core/model/attack-type.js';
import { BLOCK_ORIGINS, SCOPES } from '../../core/model/block.js';
import { OUTCOMES, SENSORS } from '../../core/model/sensor.js';
import { PROOFS } from '../../core/model/proof.js';
import { TOKEN_SCOPES } from '../../core/model/token-scope.js';
import { NUMBER_TYPES } from '../../store/statistics/phone-number.js';
import { ALERT_SCHEMAS } from './alert-schemas.js';
import type { Answers } from '../answers.js';
import { OVERVIEW_SCHEMAS } from './overview-schemas.js';
import { PERIODS, type RankingsView } from '../views/stats.js';

/** The shapes of all answers, for the OpenAPI document and the tests; TypeScript holds them to the views. */
const text = z.string();
const maybeText = z.string().nullable();
const count = z.number().int();
const maybeCount = z.number().int().nullable();
const truth = z.boolean();
const time = z.string().describe('UTC, ISO 8601');
const maybeTime = time.nullable();
const attackType = z.enum(ATTACK_TYPES);
const counted = z.array(z.strictObject({ value: text, count }));

const block = {
  id: count,
  target: text,
  scope: z.enum(SCOPES),
  origin: z.enum(BLOCK_ORIGINS),
  proof: z.enum(PROOFS),
  rule: maybeText,
  attack_type: attackType.nullable(),
  reason: text,
  created_at: time,
  expires_at: maybeTime,
  simulated: truth,
  forced: truth,
  packets_dropped: maybeCount,
};
const endedBlock = z.strictObject({
  ...block,
  ended_at: maybeTime,
  end_how: z.enum(['expired', 'removed', 'replaced']).nullable(),
});
const blockView = z.strictObject(block);

const event = z.strictObject({
  id: count,
  event_uuid: text,
  timestamp: time,
  source_ip: text,
  source_port: count,
  destination_ip: text,
  destination_port: count,
  transport_type: text,
  sensor: z.enum(SENSORS),
  proof: z.enum(PROOFS),
  kind: z.enum(['request', 'response', 'other']),
  method: maybeText,
  request_uri: maybeText,
  status_code: maybeCount,
  called_number: maybeText,
  from_user: maybeText,
  to_user: maybeText,
  auth_user: maybeText,
  sip_user_agent: maybeText,
  call_id: maybeText,
  attack_type: attackType.nullable(),
  score: z.number(),
  answered_status: maybeCount,
  outcome: z.enum(OUTCOMES),
  anomalies: z.array(z.enum(ANOMALIES)),
  tls_version: maybeText,
  tls_cipher: maybeText,
  tls_sni: maybeText,
  raw_length: count,
  raw_base64: text.exactOptional(),
});

const number = z.strictObject({
  number: text,
  valid: truth.nullable(),
  country: maybeText,
  calling_code: maybeText,
  type: z.enum(NUMBER_TYPES),
  high_risk: truth,
  calls: count,
  first_seen_at: time,
  last_seen_at: time,
  last_source: text,
  forms: z.array(text),
  forms_total: count,
});

const near = z.array(
  z.strictObject({
    rule: text,
    attack_type: attackType,
    points: z.number(),
    things: count,
    needed: count,
    what: text,
  }),
);

const source = z.strictObject({
  address: text,
  counts_as: text,
  addresses: z.array(text),
  addresses_known: count,
  protected_by: maybeText,
  reverse_name: maybeText,
  asn: maybeCount,
  organisation: maybeText,
  country: maybeText,
  first_seen_at: maybeTime,
  last_seen_at: maybeTime,
  events: count,
  thinned: count,
  score: z.number(),
  score_proven: z.number(),
  threshold: z.number(),
  methods: counted,
  user_agents: counted,
  users_tried: counted,
  called_numbers: counted,
  passwords: z.strictObject({
    distinct: count,
    tries: count,
    accounts: count,
    equal_to_user: count,
  }),
  near: near.nullable(),
  misdirected_phones: truth,
  passwords_tried: counted,
  calls: z.array(
    z.strictObject({
      user: text,
      called: text,
      began_at: time,
      ended_at: maybeTime,
      end_how: maybeText,
    }),
  ),
  sightings: z.array(
    z.strictObject({
      at: time,
      rule: text,
      rule_version: count,
      attack_type: text,
      points: z.number(),
      points_proven: z.number(),
      reason: text,
      event_ids: z.array(count),
    }),
  ),
  blocks: z.array(endedBlock),
  events_behind: z.array(event).exactOptional(),
});

const threat = z.strictObject({
  address: text,
  first_at: time,
  last_at: time,
  sightings: count,
  points: z.number(),
  points_proven: z.number(),
  score: z.number(),
  score_proven: z.number(),
  threshold: z.number(),
  why: z.array(
    z.strictObject({
      rule: text,
      attack_type: attackType,
      sightings: count,
      points: z.number(),
      last_at: time,
      reason: text,
    }),
  ),
  block: blockView.nullable(),
  protected_by: maybeText,
});

const ranking = z.strictObject({ top: counted, total: count });
const RANKING_NAMES = [
  ...['attack_types', 'methods', 'top_sources', 'countries', 'user_agents', 'user_names'],
  ...['numbers', 'called_countries', 'transports', 'proofs', 'blocks_for'],
] as readonly (keyof RankingsView)[];
const period = z.strictObject({
  messages: count,
  thinned: count,
  sources: count,
  blocks: count,
  packets_dropped: count,
  // The names are those of the type.
  ...(Object.fromEntries(RANKING_NAMES.map((name) => [name, ranking])) as Record<
    keyof RankingsView,
    typeof ranking
  >),
});
const bars = z.array(z.strictObject({ began_at: time, messages: count }));

const job = z.strictObject({
  name: text,
  description: text,
  schedule: text,
  running: truth,
  next_run_at: maybeTime,
  retry_at: maybeTime,
  failures: count,
  last_started_at: maybeTime,
  last_finished_at: maybeTime,
  last_result: z.enum(['ok', 'failed']).nullable(),
  last_detail: maybeText,
});

const rule = z.strictObject({
  id: text,
  version: count,
  attack_type: attackType,
  severity: text,
  condition: text,
  points: z.number(),
  source_file: text,
  sightings_24h: count,
  blocks_24h: count,
  fault: maybeText,
});

const blocking = z.strictObject({
  mode: z.enum(['enforce', 'observe']),
  backend: text,
  why: text,
  active_blocks: count,
  active_by_scope: z.strictObject({ all: count, sip: count, beside: count }),
  waiting_changes: count,
  failed_changes: count,
  last_error: maybeText,
  desired: count,
  actual: maybeCount,
  differing: maybeCount,
  compared_at: maybeTime,
  guarded: truth,
  repairs: count,
  last_repair_at: maybeTime,
  last_repair: maybeText,
  retrying_changes: count,
  still_talking: count,
  last_still_talking: maybeText,
  confirm_until: maybeTime,
  unresolved_peers: z.array(text),
  unproven_breaker_tripped: truth,
  storm: maybeText,
  refused_unproven: count,
  refused_full: count,
});

const status = z.strictObject({
  running: truth,
  version: text,
  pid: maybeCount,
  started_at: maybeTime,
  trial: truth,
  configuration_file: maybeText,
  configuration_error: maybeText,
  rules_error: maybeText,
  database_file: text,
  listening: z.array(z.strictObject({ transport: text, address: text, port: count })),
  api_url: maybeText,
  blocking,
  counts: z.record(text, z.number()),
  limits_hit: z.record(text, z.number().nullable()),
  store: z.strictObject({
    events: maybeCount,
    database_bytes: maybeCount,
    read_error: maybeText,
    queued: count,
    failed: count,
    last_error: maybeText,
  }),
  remote_logs: z.array(
    z.strictObject({
      name: text,
      target: text,
      sent: count,
      waiting: count,
      lost: count,
      last_error: maybeText,
    }),
  ),
  sensors: z.array(
    z.strictObject({
      sensor: z.enum(['hep', 'capture', 'log']),
      where: maybeText,
      taken: count,
      left: z.record(text, count),
      trouble: maybeText,
    }),
  ),
  notices: z.array(text),
});

const token = {
  name: text,
  scope: z.enum(TOKEN_SCOPES),
  created_at: time,
  expires_at: maybeTime,
  expired: truth,
};

export const ANSWER_SCHEMAS: { readonly [K in keyof Answers]: z.ZodType<Answers[K]> } = {
  ...OVERVIEW_SCHEMAS,
  health: z.strictObject({ ok: truth, checks: z.record(text, truth) }),
  status,
  stats: z.strictObject({
    generated_at: time,
    periods: z.strictObject({
      [PERIODS[0]]: period,
      [PERIODS[1]]: period,
      [PERIODS[2]]: period,
    }),
    hours: bars,
    days: bars,
  }),
  threats: z.strictObject({ threats: z.array(threat), since: time, limit: count, offset: count }),
  events: z.strictObject({ events: z.array(event), limit: count, next_before: maybeCount }),
  event: z.strictObject({ event }),
  sources: z.strictObject({
    sources: z.array(
      z.strictObject({
        address: text,
        first_seen_at: time,
        last_seen_at: time,
        messages: count,
        score: z.number(),
        score_proven: z.number(),
        blocked_by: maybeText,
      }),
    ),
    limit: count,
    offset: count,
  }),
  source,
  blocks: z.strictObject({
    blocks: z.array(endedBlock.extend({ packets_dropped: count })),
    total: count,
    limit: count,
    offset: count,
  }),
  block: z.strictObject({ block: blockView }),
  added_blocks: z.strictObject({
    added: count,
    refused: z.array(z.strictObject({ target: text, why: text })),
  }),
  removed_block: z.strictObject({ removed: blockView, still_covered_by: z.array(text) }),
  cleared_blocks: z.strictObject({ removed: count }),
  protect: z.strictObject({ protect: z.array(z.strictObject({ target: text, from: text })) }),
  protected: z.strictObject({ name: text, targets: z.array(text), lifted_blocks: count }),
  unprotected: z.strictObject({ removed: text }),
  numbers: z.strictObject({ numbers: z.array(number), limit: count }),
  number: z.strictObject({ query: text, seen: truth, numbers: z.array(number) }),
  rules: z.strictObject({ rules: z.array(rule) }),
  firewall: z.strictObject({
    firewall: z.strictObject({
      backend: text,
      enforcing: truth,
      why: text,
      present: truth,
      protect: z.array(text),
      blocks: count,
      rules: text,
    }),
  }),
  nearness: z.strictObject({ near }),
  jobs: z.strictObject({ jobs: z.array(job) }),
  job: z.strictObject({ job }),
  config: z.strictObject({
    configuration_file: maybeText,
    trial: truth,
    settings: z.array(z.strictObject({ section: maybeText, key: text, value: text, origin: text })),
  }),
  ...ALERT_SCHEMAS,
  tokens: z.strictObject({ tokens: z.array(z.strictObject(token)) }),
  token: z.strictObject({ ...token, token: text.describe('told this once') }),
  revoked_token: z.strictObject({ revoked: text }),
  confirmed: z.strictObject({ confirmed: z.literal(true) }),
  nothing: z.strictObject({}),
  document: z.record(text, z.unknown()),
};

export const ERROR_SCHEMA = z.strictObject({
  error: z.strictObject({ code: text, message: text, remedy: text }),
});
