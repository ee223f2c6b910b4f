import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests of a real cluster and of the chart: one file at a time, on one release (support/release-setup.ts). */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['tests/cluster/**/*.test.ts', 'tests/charts/**/*.test.ts'],
    globalSetup: ['tests/cluster/support/release-setup.ts'],
    testTimeout: 240_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    maxWorkers: 1,
  },
});
