import { type Log, ManualClock, MillraceError, silentLog } from '@millrace/core';
import type { StoreCondition } from '@millrace/queue';
import { expect, test } from 'vitest';
import { createStoreFitness } from './store-fitness.ts';

const condition: StoreCondition = {
  ...{ product: 'valkey', version: '8.1.0', format: 1, memoryUsed: 700, memoryMax: 1_000 },
  warnings: ['The store forgets.'],
};

function setup() {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_, message) => void warnings.push(message) };
  const store = { connected: true, check: async () => condition };
  const stopping = new AbortController();
  const fitness = createStoreFitness(store, clock, log);
  const watching = fitness.watch(stopping.signal).catch(() => undefined);
  const look = async () => {
    clock.advance(5_000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const stop = async () => {
    stopping.abort();
    await watching;
  };
  return { store, warnings, fitness, look, stop };
}

test('tells a warning once, and the store’s memory at every scrape', async () => {
  const { fitness, warnings, look, stop } = setup();
  await look();
  await look();
  expect(warnings).toEqual(['The store forgets.']);
  expect(fitness.faults()).toEqual([]);
  expect(fitness.text()).toContain('millrace_store_memory_used_bytes 700\n');
  expect(fitness.text()).toContain('millrace_store_memory_max_bytes 1000\n');
  await stop();
});

test('a store that is unfit or away has no memory to tell of, and says why', async () => {
  const { fitness, store, look, stop } = setup();
  await look();
  store.check = async () => {
    throw new MillraceError('store_unfit', 'It evicts.');
  };
  await look();
  expect(fitness.faults()).toEqual(['It evicts.']);
  expect(fitness.text()).toBe('');
  store.connected = false;
  expect(fitness.faults()).toEqual(['The store does not answer.']);
  await stop();
});
