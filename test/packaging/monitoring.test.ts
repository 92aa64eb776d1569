import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderMetrics } from '../../src/api/metrics.js';
import type { JobView, StatusView } from '../../src/api/views.js';
import { makeRig } from '../api/rig.js';

const PACKAGING = join(import.meta.dirname, '../../packaging');
/** What Prometheus gives to every series. */
const OF_PROMETHEUS = ['instance', 'job', 'le'];

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}
interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const rules = (
  parse(readFileSync(join(PACKAGING, 'prometheus/sentrypeer-agent.rules.yaml'), 'utf8')) as Rules
).groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(
  readFileSync(join(PACKAGING, 'grafana/sentrypeer-agent.json'), 'utf8'),
) as Dashboard;

const EXPRESSIONS: readonly (readonly [string, string])[] = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** Every series that /metrics can have, with the labels of each. */
async function seriesServed(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { services } = await makeRig();
  const { text } = await renderMetrics({
    // The parts of a status that are measured.
    status: {
      version: '1.2.3',
      blocking: { mode: 'enforce', waiting_changes: 0, retrying_changes: 0, repairs: 0 },
      limits_hit: { kernel_drops: 1, events_failed: 1, decisions_lost: 1, log_lines_lost: 1 },
      store: { queued: 5 },
    } as unknown as StatusView,
    meters: services.facts.meters(),
    jobs: [{ name: 'a', last_finished_at: '2026-01-01T00:00:00Z', last_result: 'ok' } as JobView],
    size: { bytes: 1, freeBytes: 0, walBytes: 0 },
    streams: { clients: 0, tooSlow: 0 },
    alerts: [{ name: 'mail', place: 'x', waiting: 1, sent: 2, failed: 3 }],
  });
  const series = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(sentrypeer_\w+)(?:\{(.*)\})? /gm)) {
    const known = series.get(name) ?? new Set(OF_PROMETHEUS);
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    series.set(name, known);
  }
  return series;
}

describe('the dashboard and the alert rules', () => {
  it('are about series that /metrics has, by labels that these have', async () => {
    const served = await seriesServed();
    expect(EXPRESSIONS.length).toBeGreaterThan(30);
    const odd: string[] = [];
    for (const [what, expr] of EXPRESSIONS) {
      const names = [...expr.matchAll(/\b(sentrypeer_\w+)(?:\{([^}]*)\})?/g)];
      const labels = new Set(names.flatMap(([, name = '']) => [...(served.get(name) ?? [])]));
      for (const [, name = ''] of names) if (!served.has(name)) odd.push(`${what}: ${name}`);
      const asked = [
        ...names.flatMap(([, , matchers = '']) => [...matchers.matchAll(/(\w+)\s*[=!]~?/g)]),
        ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, all = '']) => [
          ...all.matchAll(/(\w+)/g),
        ]),
      ].map(([, label = '']) => label);
      for (const label of asked) if (!labels.has(label)) odd.push(`${what}: label ${label}`);
    }
    expect(odd).toEqual([]);
  });

  it('name each thing once, and say what to do', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { annotations } of rules) expect(annotations['summary']).toContain('instance');
  });
});
