import { z } from 'zod';
import { describeSettings } from '../../config/load.js';
import { LIMITS } from '../../core/common/limits.js';
import type { HealthView } from '../answers.js';
import { readStats } from '../views/stats.js';
import { change, get, type Route } from './route.js';

const STATISTICS_FRESH_MS = 1_000;
const UNAVAILABLE = 503;

const health = (checks: Readonly<Record<string, boolean>>): HealthView => ({
  ok: Object.values(checks).every(Boolean),
  checks,
});
const healthStatus = ({ ok }: HealthView): number => (ok ? 200 : UNAVAILABLE);

const jobName = z.object({ name: z.string().max(64).describe('as `jobs` names it') });

export const STATUS_ROUTES: readonly Route[] = [
  get('/healthz', {
    right: 'open',
    summary: 'Does it live? 503: a restart would help',
    answer: 'health',
    statusOf: healthStatus,
    handle: ({ facts }) => Promise.resolve(health(facts.health().alive)),
  }),
  get('/readyz', {
    right: 'open',
    summary: 'Does it do what it is for? 503: it does not',
    detail: 'Listening, storing, and with the blocks in the firewall where it is to block.',
    answer: 'health',
    statusOf: healthStatus,
    handle: async ({ facts, read }) => {
      const { alive, ready } = facts.health();
      const readable = await read((reader) => reader.databaseSize()).then(
        () => true,
        () => false,
      );
      return health({ ...alive, ...ready, database_readable: readable });
    },
  }),
  get('/api/v1/status', {
    right: 'read',
    summary: 'What it listens on and blocks, and what was lost',
    detail: 'As `status --json`.',
    answer: 'status',
    handle: ({ calls }) => calls.status(),
  }),
  get('/api/v1/stats', {
    right: 'read',
    summary: 'What came, from whom, what was blocked: today, 7 days, all',
    detail: 'As `stats --json`; a few seconds old at most.',
    query: z.strictObject({
      top: z.coerce.number().int().min(1).max(500).default(10).describe('entries of each list'),
    }),
    answer: 'stats',
    freshMs: STATISTICS_FRESH_MS,
    handle: ({ read, facts }, { query }) =>
      read((reader) => readStats(reader, query.top, facts.nowUs() / 1_000)),
  }),
  get('/api/v1/rules', {
    right: 'read',
    summary: 'The detection rules in force, and what each saw in a day',
    answer: 'rules',
    freshMs: STATISTICS_FRESH_MS,
    handle: async ({ calls }) => ({ rules: await calls.rules() }),
  }),
  get('/api/v1/firewall', {
    right: 'read',
    summary: 'Our rules as they are in the kernel now',
    detail: 'As `rules list --firewall --json`.',
    answer: 'firewall',
    freshMs: STATISTICS_FRESH_MS,
    handle: async ({ calls }) => ({ firewall: await calls.firewall() }),
  }),
  get('/api/v1/jobs', {
    right: 'read',
    summary: 'The scheduled jobs, what came of them, and when they run next',
    answer: 'jobs',
    handle: async ({ calls }) => ({ jobs: await calls.jobs() }),
  }),
  change('POST', '/api/v1/jobs/{name}/run', {
    right: 'admin',
    summary: 'Run a job now',
    detail: 'Answers when it is over; a failed job is an answer too.',
    params: jobName,
    body: null,
    answer: 'job',
    handle: async ({ calls }, { params }) => ({ job: await calls.runJob(params.name) }),
  }),
  get('/api/v1/alerts', {
    right: 'read',
    summary: 'Where alerts go, what waits, and what became of the latest',
    detail: 'As `alerts list --json`.',
    answer: 'alerts',
    handle: ({ calls }) => calls.alerts(),
  }),
  change('POST', '/api/v1/alerts/test', {
    right: 'admin',
    summary: 'Send a test to a target, or to all',
    detail: 'Answers when each has taken it or not.',
    body: z.strictObject({ target: z.string().max(64).nullable() }),
    answer: 'alert_tests',
    handle: async ({ calls }, { body }) => ({ tests: await calls.testAlerts(body.target) }),
  }),
  get('/api/v1/config', {
    right: 'read',
    summary: 'Every setting in force and where it comes from',
    detail: 'As `config show --json`; what is secret is not told.',
    answer: 'config',
    handle: ({ facts }) => {
      const loaded = facts.loaded();
      return Promise.resolve({
        configuration_file: loaded.file,
        trial: loaded.trial,
        settings: describeSettings(loaded, 'hide'),
      });
    },
  }),
  change('POST', '/api/v1/confirm', {
    right: 'host',
    summary: 'Keep blocking after a start on trial',
    body: null,
    answer: 'confirmed',
    handle: ({ calls }) => calls.confirm(),
  }),
  get('/api/v1/tokens', {
    right: 'host',
    summary: 'The tokens of this API',
    answer: 'tokens',
    handle: async ({ calls }) => ({ tokens: await calls.tokens() }),
  }),
  change('POST', '/api/v1/tokens', {
    right: 'host',
    summary: 'Make a token',
    body: z.strictObject({
      name: z.string().max(64),
      scope: z.enum(['read', 'block', 'admin']),
      duration_s: z.number().int().positive().max(LIMITS.apiTokenSMax).nullable(),
    }),
    answer: 'token',
    handle: ({ calls }, { body }) => calls.createToken(body),
  }),
  change('DELETE', '/api/v1/tokens/{name}', {
    right: 'host',
    summary: 'Take a token back',
    params: z.object({ name: z.string().max(64) }),
    body: null,
    answer: 'revoked_token',
    handle: ({ calls }, { params }) => calls.revokeToken(params.name),
  }),
];
