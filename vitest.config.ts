import { defineConfig } from 'vitest/config';

/** Tests of many real processes, or of real rates: one file at a time, so that they do not starve each other. */
const ALONE = [
  'tests/system/**/*.test.ts',
  'services/producer/src/{retry-after,bound,store-away}.redis.test.ts',
];
const ALL = '{packages,services,handlers,local,cli,bench,loadtests,tests}/**/*.test.ts';
const NEVER = ['**/node_modules/**', '**/dist/**', 'tests/cluster/**'];

export default defineConfig({
  test: {
    globalSetup: ['tests/support/store-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: [ALL],
          exclude: [...NEVER, ...ALONE],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, exclude: NEVER, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
