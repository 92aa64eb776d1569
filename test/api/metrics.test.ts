import { expect, it } from 'vitest';
import { renderMetrics } from '../../src/api/metrics.js';
import type { JobView, StatusView } from '../../src/api/views.js';
import { makeRig } from './rig.js';

/** The parts of a status that are measured. */
const STATUS = {
  version: '1.2.3',
  blocking: { mode: 'enforce', waiting_changes: 1, retrying_changes: 2, repairs: 3 },
  limits_hit: { samples_thinned: 7, kernel_drops: null },
  store: { queued: 5 },
} as unknown as StatusView;

it('tells what was counted in the format of Prometheus, and the same at the second look', async () => {
  const { services } = await makeRig();
  const measured = {
    status: STATUS,
    meters: services.facts.meters(),
    jobs: [],
    size: { bytes: 4_096, freeBytes: 0, walBytes: 0 },
    streams: { clients: 2, tooSlow: 0 },
    alerts: [{ name: 'mail', place: 'x', waiting: 1, sent: 2, failed: 3 }],
  };
  const { text } = await renderMetrics(measured);
  const lines = text.split('\n');
  for (const line of [
    'sentrypeer_events_total{transport="udp",method="INVITE",attack_type="none"} 4',
    'sentrypeer_sightings_total{rule="a-rule"} 2',
    'sentrypeer_blocks_active{origin="detector",scope="sip",simulated="false"} 1',
    'sentrypeer_losses_total{bound="samples_thinned"} 7',
    'sentrypeer_store_queued_events 5',
    'sentrypeer_alerts_waiting{target="mail"} 1',
    'sentrypeer_alerts_total{target="mail",result="given up"} 3',
    'sentrypeer_firewall_waiting_changes 3',
    'sentrypeer_database_bytes{file="main"} 4096',
    'sentrypeer_loop_delay_seconds{quantile="p99"} 0.01',
    '# TYPE sentrypeer_answer_seconds histogram',
    'sentrypeer_answer_seconds_count 4',
    'sentrypeer_answer_seconds_sum 0.5',
    'sentrypeer_answer_seconds_bucket{le="+Inf"} 4',
    'sentrypeer_answer_seconds_bucket{le="0.001"} 3',
    'sentrypeer_streams 2',
  ]) {
    expect(lines).toContain(line);
  }
  expect(text).not.toContain('kernel_drops');
  // No line but comments and samples of the text format.
  const odd = lines.filter(
    (line) =>
      line !== '' && !/^(# (HELP|TYPE) sentrypeer_\w+ .+|sentrypeer_\w+(\{.*\})? \S+)$/.test(line),
  );
  expect(odd).toEqual([]);
  expect((await renderMetrics(measured)).text).toBe(text);
});

it('tells of health, good and bad', async () => {
  const { services } = await makeRig();
  const job = { schedule: '* * * * *', time_zone: 'UTC', next_at: null, detail: null };
  const at = '2026-01-01T00:00:00.000000Z';
  const measured = (mode: 'enforce' | 'observe') => ({
    status: { ...STATUS, blocking: { ...STATUS.blocking, mode } },
    meters: services.facts.meters(),
    jobs: [
      { ...job, name: 'good', last_finished_at: at, last_result: 'ok' },
      { ...job, name: 'bad', last_finished_at: at, last_result: 'error' },
      { ...job, name: 'never', last_finished_at: null, last_result: null },
    ] as unknown as readonly JobView[],
    size: { bytes: 4_096, freeBytes: 0, walBytes: 512 },
    streams: { clients: 0, tooSlow: 0 },
    alerts: [],
  });
  const lines = (await renderMetrics(measured('observe'))).text.split('\n');
  for (const line of [
    'sentrypeer_enforcing 0',
    'sentrypeer_firewall_repairs_total 3',
    'sentrypeer_database_bytes{file="wal"} 512',
    'sentrypeer_job_last_success{name="good"} 1',
    'sentrypeer_job_last_success{name="bad"} 0',
    'sentrypeer_job_last_run_timestamp_seconds{name="bad"} 1767225600',
  ]) {
    expect(lines).toContain(line);
  }
  expect(lines.join()).not.toContain('never');
  const enforcing = await renderMetrics(measured('enforce'));
  expect(enforcing.text).toContain('\nsentrypeer_enforcing 1\n');
});

it('is served to who may read', async () => {
  const { ask, rules } = await makeRig({
    status: () => Promise.resolve(STATUS),
    jobs: () => Promise.resolve([]),
  });
  const { status, headers, text } = await ask('/metrics');
  expect({ status, type: headers['content-type'] }).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
  });
  expect(text).toContain('sentrypeer_info{version="1.2.3"} 1');
  rules.readWithoutToken = false;
  expect((await ask('/metrics')).status).toBe(401);
});
