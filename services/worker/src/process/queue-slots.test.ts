import { compileConfig } from '@millrace/core';
import type { Handler, HandlerRegistry } from '@millrace/sdk';
import { expect, test } from 'vitest';
import { slotsOf } from './queue-slots.ts';

const io = { lane: 'io', isolation: 'none' } as Handler;
const cpu = { lane: 'cpu', isolation: 'none' } as Handler;
const isolated = { lane: 'cpu', isolation: 'process' } as Handler;

function slots(handlers: Handler[], concurrency: number | null, yaml = '') {
  const registry: HandlerRegistry = {
    queues: ['q'],
    names: () => handlers.map((_, index) => String(index)),
    get: (_, name) => handlers[Number(name)],
    concurrency: () => concurrency,
    validate: async () => ({ ok: true, value: null }),
  };
  return slotsOf(compileConfig({}, `worker: {concurrency: 16, cpuThreads: 2}\n${yaml}`), registry, 'q');
}

test('a job that would wait for a thread here is left to others', () => {
  expect(slots([cpu], null)).toBe(2);
  expect(slots([cpu, io], null)).toBe(16);
  expect(slots([isolated], null)).toBe(16);
});

test('the configuration goes before the handlers, and they before the default', () => {
  expect(slots([io], 3)).toBe(3);
  expect(slots([cpu], 3)).toBe(3);
  expect(slots([io], 3, 'queues: {q: {concurrency: 5}}')).toBe(5);
});
