import { fileURLToPath } from 'node:url';
import type { NewJob } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { type OtlpSink, otlpSink, type SeenSpan } from '../../../../tests/support/otlp-sink.ts';
import { type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { startPod, type TestPod } from '../../../../tests/support/worker-pod.ts';

const TRACED = fileURLToPath(new URL('../../../../tests/fixtures/handlers/traced', import.meta.url));
const YAML = `
worker: { processes: 1, standby: 0, healthPort: 0, cpuThreads: 1 }
supervision: { beatMs: 50 }
drain: { timeoutMs: 2000, noticeMs: 100 }
log: { level: silent }
`;

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

async function pod(prefix: string, env: Record<string, string>, yaml = YAML): Promise<TestPod> {
  const made = await startPod(yaml, {
    prefix,
    handlers: TRACED,
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
