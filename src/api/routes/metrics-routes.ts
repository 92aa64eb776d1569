import { getText, type Route } from './route.js';

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const METRICS_ROUTES: readonly Route[] = [
  getText('/metrics', {
    right: 'read',
    summary: 'Counts for Prometheus, at most a second old',
    types: [TYPE],
    freshMs: 1_000,
    handle: async ({ calls, facts, read, stream }) => {
      // Loaded when somebody looks: it takes memory that most hosts never need.
      const { renderMetrics } = await import('../metrics.js');
      const [status, jobs] = await Promise.all([calls.status(), calls.jobs()]);
      // A database that cannot be read must not hide all else.
      const size = await read((reader) => reader.databaseSize()).catch(() => null);
      const alerts = await calls.alerts().then(
        ({ targets }) => targets,
        () => [],
      );
      const meters = facts.meters();
      return renderMetrics({ status, meters, jobs, size, alerts, streams: stream.stats() });
    },
  }),
];
