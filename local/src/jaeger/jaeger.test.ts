import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Clock, compileConfig, systemClock } from '@millrace/core';
import { expect, it } from 'vitest';
import { keep } from '../launch/keeper.ts';
import { jaegerConfig } from './jaeger-config.ts';
import { findJaeger, ownJaeger } from './own-jaeger.ts';
import { type Tracing, withTraceUrl } from './tracing.ts';
import { leavesTracesOpen } from './wanted.ts';

it.each([
  [{}, true],
  [{ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on', OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, true],
  [{ OTEL_SDK_DISABLED: 'false' }, true],
  [{ OTEL_SDK_DISABLED: 'True' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, false],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318' }, false],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c:4318' }, false],
  [{ OTEL_TRACES_EXPORTER: 'none' }, false],
  [{ OTEL_METRICS_EXPORTER: 'console' }, false],
])('environment %j leaves traces open: %s', (env, open) => {
  expect(leavesTracesOpen(env)).toBe(open);
});

it('finds the first jaeger on the PATH that can be run', async () => {
  const [a, b, c] = await Promise.all(
    ['a', 'b', 'c'].map((name) => mkdtemp(join(tmpdir(), `jaeger-${name}-`))),
  );
  const dirs = [a, b, c] as [string, string, string];
  try {
    await writeFile(join(dirs[1], 'jaeger'), 'no program');
    expect(await findJaeger(dirs.join(delimiter))).toBeNull();
    await writeFile(join(dirs[2], 'jaeger'), '#!/bin/sh\n');
    await chmod(join(dirs[2], 'jaeger'), 0o755);
    expect(await findJaeger(['', ...dirs].join(delimiter))).toBe(join(dirs[2], 'jaeger'));
  } finally {
    await Promise.all(dirs.map((dir) => rm(dir, { recursive: true })));
  }
});

it('is ended where it does not answer in time, so that nothing waits for it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'jaeger-'));
  const file = join(dir, 'jaeger');
  await writeFile(file, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  let looks = 0;
  const hurried: Clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + 10_000 * looks++,
  };
  try {
    const folder = { run: dir, logs: dir };
    const jaeger = await ownJaeger(file, folder, { env: { PATH: '/usr/bin:/bin' }, clock: hurried });
    const others = { clock: systemClock, note: () => undefined, onExit: () => undefined };
    const keeper = keep(jaeger.process, { ...others, onSpawn: async () => undefined });
    await expect(keeper.start()).rejects.toThrow(/jaeger did not start \(.*SIGKILL/);
    await keeper.stop();
  } finally {
    await rm(dir, { recursive: true });
  }
});

it('listens on loopback alone, in memory with a bound, and traces nothing of itself', () => {
  const config = JSON.parse(jaegerConfig({ http: 1, otlpHttp: 2, otlpGrpc: 3 }));
  const addresses = [...JSON.stringify(config).matchAll(/"endpoint":"([^"]+)"/g)].map(([, at]) => at);
  expect(addresses.toSorted()).toEqual(['127.0.0.1:0', '127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3']);
  expect(config.extensions.jaeger_storage.backends.memory.memory.max_traces).toBeGreaterThan(20_000);
  expect(config.extensions.jaeger_query.enable_tracing).toBe(false);
});

it('is where traces are looked at, unless the configuration names another place', () => {
  const tracing = { url: 'http://127.0.0.1:9' } as Tracing;
  const plain = compileConfig({}, null);
  const named = compileConfig({}, 'http: {traceUrl: "https://j/{traceId}"}');
  expect(withTraceUrl(plain, tracing).http.traceUrl).toBe('http://127.0.0.1:9/trace/{traceId}');
  expect(withTraceUrl(named, tracing)).toBe(named);
  expect(withTraceUrl(plain, null)).toBe(plain);
});
