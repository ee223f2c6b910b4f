import { compileConfig } from '@millrace/core';
import { expect, it } from 'vitest';
import { namedPorts } from './ports.ts';
import { compileRun, overlay, runConfigText } from './run-config.ts';

it('lays sections over sections', () => {
  const base = { a: 1, worker: { processes: 2, concurrency: 8 }, queues: { x: { bound: 5 } } };
  expect(overlay(base, { worker: { processes: 4 }, queues: { y: { bound: 6 } } })).toEqual({
    a: 1,
    worker: { processes: 4, concurrency: 8 },
    queues: { x: { bound: 5 }, y: { bound: 6 } },
  });
});

it('runs a store of its own unless one is named, in the file or the environment', () => {
  expect(compileRun({}, null, {}).externalStore).toBeNull();
  expect(compileRun({}, 'redis: { prefix: p }', {}).externalStore).toBeNull();
  expect(compileRun({}, 'redis: { url: "redis://h:1" }', {}).externalStore).toBe('redis://h:1');
  expect(compileRun({ MILLRACE_REDIS_URL: 'redis://e:2' }, null, {}).externalStore).toBe('redis://e:2');
});

it('refuses a store that one URL cannot name', () => {
  const sentinel = 'redis: { sentinel: { name: m, nodes: ["h:26379"] } }';
  expect(() => compileRun({}, sentinel, {})).toThrow(/takes a store by redis\.url.*redis\.sentinel/);
});

it('takes any free port for the links unless the file names one', () => {
  expect(compileRun({}, null, {}).config.supervision.linkPort).toBe(0);
  expect(compileRun({}, 'supervision: { linkPort: 9470 }', {}).config.supervision.linkPort).toBe(9470);
});

it('imposes the demo’s settings on the file’s', () => {
  const { config } = compileRun({}, 'worker: { processes: 1, lockMs: 5s }', { worker: { processes: 4 } });
  expect(config.worker).toMatchObject({ processes: 4, lockMs: 5_000 });
});

it('tells every fault of the file', () => {
  expect(() => compileRun({}, 'htpp: {}\nqueue: { bound: 0 }', {})).toThrow(/bound.*did you mean "http"/s);
  expect(() => compileRun({}, '- a list', {})).toThrow('The configuration is not valid');
  expect(() => compileRun({}, '{', {})).toThrow('not YAML');
});

it('gives each of several supervisors its own ports, any free ones but the first', () => {
  const { config } = compileRun({}, 'supervision: { replicas: 2, linkPort: 5, healthPort: 3 }', {});
  const named = namedPorts(config).filter(({ key }) => key.startsWith('supervision'));
  expect(named.map(({ key, port }) => `${key} ${port}`)).toEqual([
    'supervision.healthPort 3',
    'supervision.linkPort 5',
    'supervision.linkPort.2 0',
    'supervision.healthPort.2 0',
  ]);
  const ports = new Map([
    ['supervision.linkPort.2', 7],
    ['supervision.healthPort.2', 8],
  ]);
  const second = compileConfig({}, runConfigText(config, ports, 'redis://127.0.0.1:9', 1));
  expect(second.supervision).toMatchObject({ linkPort: 7, healthPort: 8 });
});

it('writes a file that compiles to the same, ports and store filled in', () => {
  const { config } = compileRun({}, 'drain: { timeoutMs: 7s }', {});
  const ports = new Map([
    ['http.port', 1],
    ['http.healthPort', 2],
    ['supervision.healthPort', 3],
    ['worker.healthPort', 4],
    ['supervision.linkPort', 5],
  ]);
  const again = compileConfig({}, runConfigText(config, ports, 'redis://127.0.0.1:9'));
  expect(again).toMatchObject({
    redis: { url: 'redis://127.0.0.1:9' },
    http: { port: 1, healthPort: 2 },
    supervision: { healthPort: 3, linkPort: 5 },
    worker: { healthPort: 4 },
    drain: { timeoutMs: 7_000 },
  });
});
