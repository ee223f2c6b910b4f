import type { EndedAttempt } from '@millrace/core';
import { jobTrace } from '@millrace/telemetry';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { Queue, Worker } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../../tests/support/queue.ts';
import {
  CLIENT,
  SAMPLED,
  type TracedProducer,
  tracedProducer,
} from '../../../tests/support/traced-producer.ts';

const memory = new InMemorySpanExporter();
const provider = new TracerProvider({
  sampler: new AlwaysOnSampler(),
  spanProcessors: [new SimpleSpanProcessor({ exporter: memory })],
});
let telemetry: BullMQOtel;
let api: TracedProducer;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  telemetry = new BullMQOtel({ tracerName: 'stock' });
});
afterAll(() => {
  context.disable();
  trace.disable();
  propagation.disable();
});
beforeEach(async () => {
  memory.reset();
  api = await tracedProducer();
});
afterEach(() => api.close());

const stock = () => {
  const { host, port } = api.queues.redis.options;
  return { connection: { host: host ?? '', port: port ?? 0 }, prefix: api.queues.prefix, telemetry };
};
const finished = (name: string) => memory.getFinishedSpans().find((span) => span.name.startsWith(name));

test('a job of a stock Queue with bullmq-otel is processed here in its client’s trace, under its span', async () => {
  const queue = new Queue('work', stock());
  const client = trace.getTracer('client').startSpan('client');
  const job = await context.with(trace.setSpan(context.active(), client), () => queue.add('job', {}));
  client.end();
  await queue.close();
  const ended: EndedAttempt[] = [];
  await api.queues.consumer({ onAttemptEnd: (attempt) => void ended.push(attempt) }).start();
  await until(() => ended.length === 1, 'it has ended');

  const added = finished('add work')?.spanContext();
  const place = { traceId: client.spanContext().traceId, parentSpanId: added?.spanId };
  const [attempt] = ended as [EndedAttempt];
  expect(attempt).toMatchObject({ id: job.id, origin: 'foreign' });
  expect(jobTrace(attempt)).toMatchObject({ ...place, send: null, carrier: { parent: { isSampled: true } } });
  const { body } = await api.call('GET', `/v1/queues/work/jobs/${job.id}`);
  expect(body.traceId).toBe(place.traceId);
});

test('a job of the API is processed by a stock Worker with bullmq-otel in its client’s trace, under its request', async () => {
  const { body } = await api.post('work', { name: 'x', data: {} }, SAMPLED);
  const [server] = (await api.sink.until(2)).filter(({ kind }) => kind === 'server');
  const done: string[] = [];
  const worker = new Worker('work', async ({ id }) => void done.push(id as string), stock());
  await until(() => done.length === 1 && finished('process work') !== undefined, 'it has ended');
  await worker.close();
  expect(done).toEqual([body.id]);
  expect(finished('process work')?.spanContext().traceId).toBe(CLIENT.traceId);
  expect(finished('process work')?.parentSpanContext?.spanId).toBe(server?.spanId);
});
