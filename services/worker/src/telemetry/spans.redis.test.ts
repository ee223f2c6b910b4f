import { once } from 'node:events';
import { createServer as createWebServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { NewJob } from '@millrace/core';
import { afterEach, expect, test, vi } from 'vitest';
import { type OtlpSink, otlpSink, type SeenSpan } from '../../../../tests/support/otlp-sink.ts';
import { type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { testStore } from '../../../../tests/support/store.ts';
import { startPod, type TestPod } from '../../../../tests/support/worker-pod.ts';

const handlersAt = (name: string) =>
  fileURLToPath(new URL(`../../../../tests/fixtures/handlers/${name}`, import.meta.url));
const YAML = `
worker: { processes: 1, standby: 0, healthPort: 0, cpuThreads: 1 }
supervision: { beatMs: 50 }
drain: { timeoutMs: 2000, noticeMs: 100 }
log: { level: silent }
`;

// Each starts a pod of real processes.
vi.setConfig({ testTimeout: 60_000 });

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function bench(): Promise<QueueBench> {
  const made = queueBench();
  closers.push(() => made.close());
  return made;
}

async function sink(): Promise<OtlpSink> {
  const made = await otlpSink();
  closers.push(() => made.close());
  return made;
}

async function pod(
  prefix: string,
  env: Record<string, string>,
  yaml = YAML,
  handlers = 'traced',
): Promise<TestPod> {
  const made = await startPod(yaml, {
    prefix,
    handlers: handlersAt(handlers),
    env: { OTEL_BSP_SCHEDULE_DELAY: '20', ...env },
  });
  closers.push(() => made.close());
  return made;
}

async function add(on: QueueBench, datas: readonly object[], opts: NewJob['opts'] = {}): Promise<void> {
  const store = await on.store();
  await store.queue('traced').add(datas.map((data) => ({ name: 'step', data: data as never, opts })));
}

const processSpans = (spans: readonly SeenSpan[]) => spans.filter(({ name }) => name === 'process traced');

test('every job becomes spans in one trace, and those that were kept leave with a drain', async () => {
  const [on, collector] = [await bench(), await sink()];
  const worker = await pod(on.prefix, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_BSP_SCHEDULE_DELAY: '60000',
  });
  await add(on, [{}, { hopeless: true }]);
  const store = await on.store();
  const ended = async () => {
    const { completed, failed } = (await store.queue('traced').snapshot()).counts;
    return completed === 1 && failed === 1;
  };
  await until(ended, 'both have ended');
  worker.child.kill('SIGTERM');
  await worker.exit;
  const [done, failed] = processSpans(collector.spans).toSorted((a, b) => a.startUs - b.startUs);
  expect(done).toMatchObject({
    kind: 'consumer',
    status: 'unset',
    resource: { 'service.name': 'millrace-worker' },
  });
  expect(done?.attributes).toMatchObject({
    'millrace.outcome': 'completed',
    'millrace.sampling.cut': 'sampler',
  });
  expect(failed).toMatchObject({ status: 'error', statusMessage: 'no use' });
  expect(failed?.attributes).toMatchObject({ 'millrace.outcome': 'failed', 'error.type': 'Error' });
  const settles = collector.named('settle traced');
  expect(settles.map(({ parentSpanId }) => parentSpanId).toSorted()).toEqual(
    [done?.spanId, failed?.spanId].toSorted(),
  );
});

test('an attempt whose lock ran out has a span, though the worker that ran it tells nothing', async () => {
  const [on, collector] = [await bench(), await sink()];
  await add(on, [{}]);
  // As a stock worker leaves it that a network took away: taken, and no lock any more.
  const key = (name: string) => `${on.prefix}:traced:${name}`;
  const id = (await on.redis.rpoplpush(key('wait'), key('active'))) as string;
  await on.redis.hset(key(id), { processedOn: 1_000, ats: 1, pb: 'elsewhere' });
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  await pod(on.prefix, env, YAML.replace('worker: {', 'worker: { lockMs: 1000,'));
  await collector.until((spans) => processSpans(spans).length === 2);
  const [lost, again] = processSpans(collector.spans).toSorted((a, b) => a.startUs - b.startUs);
  expect(lost).toMatchObject({ status: 'error', startUs: 1_000_000 });
  expect(lost?.attributes).toMatchObject({ 'error.type': 'lock_lost', 'messaging.client.id': 'elsewhere' });
  expect(again?.attributes).toMatchObject({ 'bullmq.job.start': 2, 'millrace.sampling.cut': 'continued' });
  expect(again?.links).toMatchObject([{ traceId: lost?.traceId, spanId: lost?.spanId }]);
});

test('a handler’s own spans hang under its attempt in every lane, and go with an attempt that is not kept', async () => {
  const [on, collector] = [await bench(), await sink()];
  const store = await on.store();
  const lanes = ['traced-cpu', 'traced-alone'];
  for (const queue of lanes) {
    const datas = [{ fails: true }, { fails: false }];
    await store.queue(queue).add(datas.map((data) => ({ name: 'inside', data, opts: {} })));
  }
  await add(on, [{ hopeless: true }, {}]);
  await pod(on.prefix, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  const ended = async () => {
    const all = await Promise.all(['traced', ...lanes].map((queue) => store.queue(queue).snapshot()));
    return all.every(({ counts }) => counts.completed === 1 && counts.failed === 1);
  };
  await until(ended, 'all have ended', 40_000);
  await collector.until((spans) => spans.filter(({ name }) => name === 'inside').length === 3);
  for (const queue of ['traced', ...lanes]) {
    const [attempt, ...others] = collector.named(`process ${queue}`);
    expect(others).toEqual([]);
    expect(attempt?.attributes).toMatchObject({ 'millrace.sampling.cut': 'failed' });
    const inside = collector.named('inside').filter(({ traceId }) => traceId === attempt?.traceId);
    expect(inside.map(({ parentSpanId }) => parentSpanId)).toEqual([attempt?.spanId]);
  }
});

test('requests and commands of handlers are watched in every lane where it is asked for, the worker’s own are not', async () => {
  const [on, collector] = [await bench(), await sink()];
  const web = createWebServer((_, response) => void response.end()).listen(0, '127.0.0.1');
  await once(web, 'listening');
  closers.push(async () => {
    web.closeAllConnections();
    web.close();
  });
  const { port } = web.address() as AddressInfo;
  const store = await on.store();
  const lanes = ['watched-io', 'watched-cpu', 'watched-alone'];
  const data = { web: `http://127.0.0.1:${port}`, store: testStore().url };
  for (const queue of lanes) await store.queue(queue).add([{ name: 'calls', data, opts: {} }]);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,ioredis',
  };
  await pod(on.prefix, env, YAML, 'watched');
  const isLast = ({ name }: SeenSpan) => /^(set$|process |settle )/.test(name);
  await collector.until((spans) => spans.filter(isLast).length === 9, 40_000);
  for (const queue of lanes) {
    const [attempt, ...others] = collector.named(`process ${queue}`);
    expect(others).toEqual([]);
    const inside = collector.spans.filter(({ parentSpanId }) => parentSpanId === attempt?.spanId);
    const names = inside.map(({ name }) => name).filter((name) => name !== 'client' && name !== 'info');
    expect(names.toSorted()).toEqual(['GET', 'GET', 'POST', 'connect', 'set', `settle ${queue}`]);
  }
  expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(3);
});

test('what a worker kept is sent though it was killed right after', async () => {
  const [on, collector] = [await bench(), await sink()];
  const worker = await pod(on.prefix, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'always_on',
    // So that nothing is sent before the kill.
    OTEL_BSP_SCHEDULE_DELAY: '60000',
  });
  await add(on, [{}, {}]);
  const store = await on.store();
  const completed = async () => (await store.queue('traced').snapshot()).counts.completed === 2;
  await until(completed, 'both are completed');
  await add(on, [{ dies: 1 }]);
  await until(() => worker.heard.exits.length === 1, 'the worker was killed by its job');
  expect(collector.exports).toEqual([]);
  worker.child.kill('SIGTERM');
  await worker.exit;
  const told = processSpans(collector.spans).map(({ attributes }) => attributes['messaging.message.id']);
  expect(told.toSorted()).toEqual(['1', '2']);
});

test('a collector that never answers holds up no job and no end', async () => {
  const on = await bench();
  const blackHole = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  const sockets: Socket[] = [];
  await once(blackHole, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    blackHole.close();
  });
  const { port } = blackHole.address() as AddressInfo;
  const worker = await pod(on.prefix, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_BSP_MAX_QUEUE_SIZE: '64',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '16',
  });
  const jobs = 500;
  await add(
    on,
    Array.from({ length: jobs }, () => ({})),
  );
  const store = await on.store();
  const completed = async () => (await store.queue('traced').snapshot()).counts.completed === jobs;
  await until(completed, 'all are completed');
  expect(sockets.length).toBeGreaterThan(0);
  worker.child.kill('SIGTERM');
  expect(await worker.exit).toEqual({ code: 0, signal: null });
});

/** Says on stderr which of OpenTelemetry's modules a process loads; the API itself is everybody's. */
const TELLS_LOADS = `
  import { registerHooks } from 'node:module';
  import { writeSync } from 'node:fs';
  registerHooks({
    resolve(specifier, context, next) {
      if (/^@opentelemetry\\/(?!api$)/.test(specifier)) writeSync(2, 'loads ' + specifier + '\\n');
      return next(specifier, context);
    },
  });`;

test.each([
  { telemetry: 'off', env: {}, isLoaded: false },
  {
    telemetry: 'disabled',
    env: { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' },
    isLoaded: false,
  },
  { telemetry: 'on', env: { OTEL_TRACES_EXPORTER: 'otlp' }, isLoaded: true },
])('with telemetry $telemetry a pod and its processes load the SDK: $isLoaded', async ({ env, isLoaded }) => {
  const on = await bench();
  await add(on, [{}, { hopeless: true }]);
  const hook = `--import=data:text/javascript,${encodeURIComponent(TELLS_LOADS)}`;
  const worker = await pod(on.prefix, { ...env, NODE_OPTIONS: hook });
  const store = await on.store();
  await until(async () => (await store.queue('traced').snapshot()).counts.failed === 1, 'they have ended');
  worker.child.kill('SIGTERM');
  expect(await worker.exit).toEqual({ code: 0, signal: null });
  expect(/^loads /m.test(worker.stderr())).toBe(isLoaded);
});
