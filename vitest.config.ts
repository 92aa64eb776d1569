import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // @oclif/test captures stdout itself; vitest must not get there first.
    disableConsoleIntercept: true,
    pool: 'forks',
    // Files of one worker share its modules: loading them anew for each file took half of the time.
    isolate: false,
    // On two cores it would take one worker; most lab tests wait more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
