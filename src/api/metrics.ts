import { Counter, Gauge, Registry } from 'prom-client';
import type { DatabaseSize } from '../store/read/reader.js';
import type { Meters } from './meters.js';
import type { AlertsView, JobView, StatusView } from './views.js';

export interface Measured {
  readonly status: StatusView;
  readonly meters: Meters;
  readonly jobs: readonly JobView[];
  readonly size: DatabaseSize | null;
  readonly streams: { readonly clients: number; readonly tooSlow: number };
  readonly alerts: AlertsView['targets'];
}

const PREFIX = 'sentrypeer_';

/**
 * What was counted, in the text format of Prometheus. Everything is made anew for each look: the
 * counts are kept elsewhere, and a series that is gone must not stay.
 */
export async function renderMetrics(measured: Measured): Promise<{ type: string; text: string }> {
  const registry = new Registry();
  addTraffic(registry, measured);
  addHealth(registry, measured);
  addAlerts(registry, measured);
  const text = `${await registry.metrics()}\n${writeAnswerTime(measured.meters)}`;
  return { type: registry.contentType, text };
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [Labels, number];

function counter(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  const labelNames = Object.keys(samples[0]?.[0] ?? {});
  const made = new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers: [registry] });
  for (const [labels, value] of samples) made.inc(labels, value);
}

function gauge(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  const labelNames = Object.keys(samples[0]?.[0] ?? {});
  const made = new Gauge({ name: `${PREFIX}${name}`, help, labelNames, registers: [registry] });
  for (const [labels, value] of samples) made.set(labels, value);
}

/** Targets are few, and named by the operator. */
function addAlerts(registry: Registry, { alerts }: Measured): void {
  gauge(
    registry,
    'alerts_waiting',
    'Alerts that wait for a target',
    alerts.map(({ name, waiting }) => [{ target: name }, waiting]),
  );
  counter(
    registry,
    'alerts_total',
    'Alerts by target and what became of them',
    alerts.flatMap(({ name, sent, failed }): Sample[] => [
      [{ target: name, result: 'sent' }, sent],
      [{ target: name, result: 'given up' }, failed],
    ]),
  );
}

function addTraffic(registry: Registry, { status, meters, streams }: Measured): void {
  counter(
    registry,
    'events_total',
    'Messages by transport, method and the attack that a rule saw',
    meters.events.map(({ transport, method, attackType, count }) => [
      { transport, method, attack_type: attackType },
      count,
    ]),
  );
  counter(
    registry,
    'sightings_total',
    'Firings of each rule',
    meters.sightings.map(({ rule, count }) => [{ rule }, count]),
  );
  const byOrigin = (rows: Meters['active']): Sample[] =>
    rows.map(({ origin, scope, simulated, count }) => [
      { origin, scope, simulated: String(simulated) },
      count,
    ]);
  counter(registry, 'blocks_total', 'Blocks that were made', byOrigin(meters.blocks));
  gauge(registry, 'blocks_active', 'Blocks in force', byOrigin(meters.active));
  counter(
    registry,
    'losses_total',
    'How often each bound was hit, and what was lost',
    Object.entries(status.limits_hit).flatMap(([bound, count]) =>
      count === null ? [] : [[{ bound }, count] as const],
    ),
  );
  gauge(registry, 'streams', 'Streams of events that are open', [[{}, streams.clients]]);
}

function addHealth(registry: Registry, { status, meters, jobs, size }: Measured): void {
  const { store, blocking } = status;
  gauge(registry, 'info', 'The version that runs', [[{ version: status.version }, 1]]);
  gauge(registry, 'enforcing', '1: it blocks; 0: it observes', [
    [{}, blocking.mode === 'enforce' ? 1 : 0],
  ]);
  gauge(registry, 'store_queued_events', 'Events that wait for the database', [[{}, store.queued]]);
  gauge(registry, 'firewall_waiting_changes', 'Changes that wait for the firewall', [
    [{}, blocking.waiting_changes + blocking.retrying_changes],
  ]);
  counter(registry, 'firewall_repairs_total', 'Times that rules of ours were put back', [
    [{}, blocking.repairs],
  ]);
  if (size !== null) {
    gauge(registry, 'database_bytes', 'Size of the database and of its log', [
      [{ file: 'main' }, size.bytes],
      [{ file: 'wal' }, size.walBytes],
    ]);
  }
  if (meters.loopDelay !== null) {
    gauge(
      registry,
      'loop_delay_seconds',
      'How late the receiving thread was, since the last look',
      Object.entries(meters.loopDelay).map(([quantile, value]) => [{ quantile }, value]),
    );
  }
  const ended = jobs.filter(({ last_finished_at: at }) => at !== null);
  gauge(
    registry,
    'job_last_success',
    '1: the last run of the job was good',
    ended.map(({ name, last_result: result }) => [{ name }, result === 'ok' ? 1 : 0]),
  );
  gauge(
    registry,
    'job_last_run_timestamp_seconds',
    'When the last run of the job ended',
    ended.map(({ name, last_finished_at: at }) => [{ name }, Date.parse(at ?? '') / 1_000]),
  );
}

/** The library counts by itself, and takes no counts that are there already. */
function writeAnswerTime({ answerTime }: Meters): string {
  const name = `${PREFIX}answer_seconds`;
  let below = 0;
  const buckets = answerTime.buckets.map(({ le, count }) => {
    below += count;
    return `${name}_bucket{le="${le}"} ${below}`;
  });
  return [
    `# HELP ${name} From the arrival of a packet until it is decided and answered`,
    `# TYPE ${name} histogram`,
    ...buckets,
    `${name}_bucket{le="+Inf"} ${answerTime.count}`,
    `${name}_sum ${answerTime.sum}`,
    `${name}_count ${answerTime.count}`,
    '',
  ].join('\n');
}
