import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{packages,services,handlers,local,cli,tests}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: ['tests/support/store-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
