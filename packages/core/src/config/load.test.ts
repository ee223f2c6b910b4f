import { describe, expect, test } from 'vitest';
import { isMillraceError, type MillraceError } from '../errors.ts';
import { compileConfig, queueSettings } from './load.ts';

const FOUR = { cores: 4, memoryBytes: null };

function faults(env: Record<string, string>, yaml: string): string[] {
  try {
    compileConfig(env, yaml, FOUR);
  } catch (error) {
    expect(isMillraceError(error, 'config_invalid')).toBe(true);
    return ((error as MillraceError).details.faults ?? []).map(
      ({ pointer, message }) => `${pointer}: ${message}`,
    );
  }
  return [];
}

test('the documented defaults', () => {
  const config = compileConfig({}, null, FOUR);
  expect(config.queue).toEqual({ bound: 10_000, maxBytes: 256 * 1024 * 1024 });
  expect(config.job.maxBytes).toBe(256 * 1024);
  expect(config.http.bodyMaxBytes).toBe(16 * 1024 * 1024);
  expect(config.worker).toMatchObject({ processes: 4, concurrency: 16, cpuThreads: 1 });
  expect(config.supervision).toMatchObject({
    beatMs: 250,
    hangLimitMs: 5_000,
    intensity: 5,
    periodMs: 30_000,
  });
  expect(config.drain).toEqual({ timeoutMs: 25_000, noticeMs: 2_000 });
  expect(config.retention).toEqual({
    completedAgeMs: 3_600_000,
    completedCount: 1_000,
    failedAgeMs: 604_800_000,
    failedCount: 5_000,
    events: 10_000,
  });
  expect(config.durability).toBe('fsync');
});

test('durations may be written as text, and the environment wins over the file', () => {
  const config = compileConfig(
    { MILLRACE_REDIS_URL: 'redis://env' },
    'redis: {url: "redis://file"}\ndrain: {timeoutMs: 1m}',
  );
  expect(config.redis.url).toBe('redis://env');
  expect(config.drain.timeoutMs).toBe(60_000);
});

test('a queue’s own settings win over the defaults', () => {
  const config = compileConfig({}, 'queues: {mail: {bound: 7, concurrency: 2, traces: link}}');
  expect(queueSettings(config, 'mail')).toEqual({
    ...{ bound: 7, maxBytes: 256 * 1024 * 1024, concurrency: 2, traces: 'link' },
  });
  expect(queueSettings(config, 'other')).toMatchObject({ bound: 10_000, concurrency: null, traces: 'auto' });
});

describe('a wrong configuration', () => {
  test('names a trace’s URL that has no place for the trace, or is none', () => {
    expect(faults({}, 'http: {traceUrl: "http://127.0.0.1:16686/trace"}')).toEqual([
      '/http/traceUrl: must have {traceId} in it',
    ]);
    expect(faults({}, 'http: {traceUrl: "javascript:{traceId}"}')).toHaveLength(1);
    expect(faults({}, 'http: {traceUrl: "https://jaeger.local/trace/{traceId}"}')).toEqual([]);
  });

  test('is told with all its faults at once, and with what was probably meant', () => {
    const yaml =
      'queue: {bond: 5}\nworker: {concurrency: 0}\ndrain: {timeoutMs: "5 parsecs"}\nqueues: {"a:b": {}}';
    const found = faults({ MILLRACE_REDIS_ULR: 'x' }, yaml);
    expect(found).toContain('/env/MILLRACE_REDIS_ULR: unknown variable (did you mean "MILLRACE_REDIS_URL"?)');
    expect(found).toContain('/queue/bond: unknown key (did you mean "bound"?)');
    expect(found.some((fault) => fault.startsWith('/worker/concurrency: '))).toBe(true);
    expect(found.some((fault) => fault.startsWith('/drain/timeoutMs: "5 parsecs" is not a duration'))).toBe(
      true,
    );
    expect(found.some((fault) => fault.startsWith('/queues/a:b'))).toBe(true);
  });

  test('is told where limits contradict each other', () => {
    expect(faults({}, 'supervision: {suspectMs: 6s}')).toEqual([
      '/supervision/hangLimitMs: must be longer than suspectMs',
    ]);
    expect(faults({}, 'drain: {timeoutMs: 1s}')).toEqual([
      '/drain/noticeMs: must not be longer than timeoutMs',
    ]);
  });

  test('is told when the file is not YAML', () => {
    expect(faults({}, 'a: [1')[0]).toMatch(/^\/: not YAML/);
  });
});
