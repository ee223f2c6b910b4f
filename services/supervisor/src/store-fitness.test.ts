import { type Log, ManualClock, MillraceError, silentLog } from '@millrace/core';
import type { StoreCondition } from '@millrace/queue';
import { prometheusText } from '@millrace/telemetry';
import { expect, test } from 'vitest';
import { createStoreFitness } from './store-fitness.ts';

const condition: StoreCondition = {
  ...{ product: 'valkey', version: '8.1.0', format: 1, memoryUsed: 700, memoryMax: 1_000 },
  nodes: [
    {
      ...{ node: 'store:6379', answerMs: 2, mainCpuSeconds: 5, cpuSeconds: 6, commandsTotal: 7, clients: 8 },
      ...{ memoryUsed: 700, memoryMax: 1_000, delayedFsyncsTotal: 9, lastForkMs: 3, isAofWritten: false },
    },
  ],
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
  const lines = prometheusText(fitness.families()).split('\n');
  expect(lines.filter((line) => !/^(#|millrace_store_answer_seconds_bucket|$)/.test(line))).toEqual([
    'millrace_store_memory_used_bytes 700',
    'millrace_store_memory_max_bytes 1000',
    'jobqueue_redis_memory_ratio 0.7',
    'millrace_store_main_cpu_seconds_total{node="store:6379"} 5',
    'millrace_store_cpu_seconds_total{node="store:6379"} 6',
    'millrace_store_commands_total{node="store:6379"} 7',
    'millrace_store_clients{node="store:6379"} 8',
    'millrace_store_delayed_fsyncs_total{node="store:6379"} 9',
    'millrace_store_last_fork_seconds{node="store:6379"} 0.003',
    'millrace_store_aof_written{node="store:6379"} 0',
    'millrace_store_answer_seconds_sum{node="store:6379"} 0.004',
    'millrace_store_answer_seconds_count{node="store:6379"} 2',
  ]);
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
  expect(fitness.families().map(({ name }) => name)).toEqual(['millrace_store_answer_seconds']);
  store.connected = false;
  expect(fitness.faults()).toEqual(['The store does not answer.']);
  await stop();
});
