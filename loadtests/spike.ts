import { loadTest } from './lib/load-test.ts';

export * from './lib/exports.ts';
export const { options, setup, teardown, handleSummary } = loadTest('spike');
