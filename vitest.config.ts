import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // @oclif/test captures stdout itself; vitest must not get there first.
    disableConsoleIntercept: true,
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
