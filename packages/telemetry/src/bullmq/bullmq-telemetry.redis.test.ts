import { systemClock } from '@millrace/core';
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { FlowProducer, Queue, type Telemetry, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { testStore, uniquePrefix } from '../../../../tests/support/store.ts';
import { readCarrier } from '../carrier.ts';
import { createScopeContextManager } from '../handler-spans/scope-context-manager.ts';
import { createBullmqTelemetry } from './bullmq-telemetry.ts';

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
beforeAll(() => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(createScopeContextManager());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
afterAll(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  exporter.reset();
});

type Handler = ConstructorParameters<typeof Worker>[1] & {};

/** A stock queue and worker with our telemetry. */
function stock(handler: Handler, options: Parameters<typeof createBullmqTelemetry>[0] = {}) {
  // The interface's types say `any` where ours say what it is.
  const telemetry = createBullmqTelemetry(options) as unknown as Telemetry;
  const common = { connection: { port: testStore().port }, prefix: uniquePrefix(), telemetry };
  const queue = new Queue('mail', common);
  const worker = new Worker('mail', handler, { ...common, stalledInterval: 200 });
  const flows = new FlowProducer(common);
  closers.push(
    () => queue.close(),
    () => flows.close(),
    () => worker.close(),
  );
  const ended = (count: number) =>
    new Promise<void>((resolve) => {
      let left = count;
      const one = () => --left === 0 && resolve();
      worker.on('completed', one).on('failed', one);
    });
  return { queue, worker, flows, ended };
}

/** Spans end a moment after the worker's event: closing the worker waits for them. */
async function spansOf({ worker }: { worker: Worker }) {
  await worker.close();
  return exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    kind: span.kind,
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId,
    links: span.links.map((link) => link.context.spanId),
    status: span.status,
    attributes: span.attributes,
    events: span.events.map(({ name }) => name),
  }));
}
const named = <T extends { name: string }>(spans: readonly T[], name: string) =>
  spans.filter((span) => span.name === name);

describe('BullMQ’s telemetry interface', () => {
  test('a single job is one trace with the conventions’ names, and no payload', async () => {
    const it = stock(async () => ({ secret: 'result' }));
    const ended = it.ended(1);
    const job = await it.queue.add('welcome', { secret: 'data' });
    await ended;
    const spans = await spansOf(it);
    expect(spans.map(({ name, kind }) => [name, kind]).sort()).toEqual([
      ['process mail', SpanKind.CONSUMER],
      ['send mail', SpanKind.PRODUCER],
      ['settle mail', SpanKind.CLIENT],
    ]);
    const [send] = named(spans, 'send mail');
    const [process] = named(spans, 'process mail');
    expect(process).toMatchObject({ parent: send?.spanId, traceId: send?.traceId, links: [] });
    expect(named(spans, 'settle mail')[0]?.parent).toBe(process?.spanId);
    expect(process?.attributes).toMatchObject({
      'messaging.system': 'bullmq',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'mail',
      'messaging.message.id': job.id,
      'bullmq.job.name': 'welcome',
    });
    expect(process?.status.code).toBe(SpanStatusCode.UNSET);
    expect(JSON.stringify(spans)).not.toContain('secret');
  });

  test('name and attributes are there at the creation, where samplers look', async () => {
    const seen: unknown[] = [];
    const sampling = new TracerProvider({
      sampler: {
        shouldSample: (_context, _traceId, name, kind, attributes) => {
          seen.push([name, kind, attributes['messaging.destination.name'], attributes['messaging.system']]);
          return { decision: 0 };
        },
        toString: () => 'x',
      },
    });
    trace.disable();
    trace.setGlobalTracerProvider(sampling);
    const it = stock(async () => undefined);
    await it.queue.add('welcome', {});
    trace.disable();
    trace.setGlobalTracerProvider(provider);
    expect(seen[0]).toEqual(['send mail', SpanKind.PRODUCER, 'mail', 'bullmq']);
  });

  test('a failure is an error, whatever becomes of the job', async () => {
    const it = stock(async () => {
      throw new TypeError('no such address');
    });
    const ended = it.ended(2);
    await it.queue.add('welcome', {}, { attempts: 2 });
    await ended;
    const spans = await spansOf(it);
    const processes = named(spans, 'process mail');
    expect(processes.map(({ status }) => status)).toEqual([
      { code: SpanStatusCode.ERROR, message: 'no such address' },
      { code: SpanStatusCode.ERROR, message: 'no such address' },
    ]);
    expect(processes.map(({ attributes }) => attributes['error.type'])).toEqual(['_OTHER', '_OTHER']);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  });

  test('jobs of a bulk have traces of their own that link to it; a queue may want it otherwise', async () => {
    for (const [shape, traces] of [
      ['auto', 11],
      ['parent', 1],
    ] as const) {
      exporter.reset();
      const it = stock(async () => undefined, { shape });
      const ended = it.ended(10);
      await it.queue.addBulk(Array.from({ length: 10 }, () => ({ name: 'welcome', data: {} })));
      await ended;
      const spans = await spansOf(it);
      const [send] = named(spans, 'send mail');
      expect(send?.attributes['messaging.batch.message_count']).toBe(10);
      expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(traces);
      for (const process of named(spans, 'process mail')) {
        expect(process.parent).toBe(shape === 'parent' ? send?.spanId : undefined);
        expect(process.links).toEqual(shape === 'parent' ? [] : [send?.spanId]);
      }
    }
  });

  test('with links each run of a scheduler has a trace of its own, and so has what sends the next', async () => {
    // A run that outlasts the interval finds the next one due: then BullMQ schedules the one after it inside of its span.
    const it = stock(() => systemClock.sleep(30), { shape: 'link' });
    const ended = it.ended(4);
    await it.queue.upsertJobScheduler('s', { every: 20 }, { name: 'tick' });
    await ended;
    await it.queue.removeJobScheduler('s');
    const spans = await spansOf(it);
    const roots = [...named(spans, 'process mail'), ...named(spans, 'send mail')];
    expect(roots.length).toBeGreaterThanOrEqual(8);
    for (const { parent } of roots) expect(parent).toBeUndefined();
    expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(roots.length);
  });

  test('what a handler adds is a child of its attempt', async () => {
    const it = stock(async (job) => {
      if (job.name === 'outer') await it.queue.add('inner', {});
    });
    const ended = it.ended(2);
    await it.queue.add('outer', {});
    await ended;
    const spans = await spansOf(it);
    const [outer] = named(spans, 'process mail').sort((a) =>
      a.attributes['bullmq.job.name'] === 'outer' ? -1 : 1,
    );
    expect(named(spans, 'send mail').map(({ parent }) => parent)).toEqual([undefined, outer?.spanId]);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  });

  test('a worker that was made inside a span does not go on in its trace, and housekeeping has no spans', async () => {
    let it: ReturnType<typeof stock> | undefined;
    trace.getTracer('boot').startActiveSpan('boot', (span) => {
      it = stock(async () => undefined);
      span.end();
    });
    if (!it) return expect.unreachable();
    const { telemetry, ...untold } = it.queue.opts;
    const stranger = new Queue('mail', untold);
    closers.push(() => stranger.close());
    const ended = it.ended(2);
    await it.worker.startStalledCheckTimer();
    await it.queue.add('welcome', {});
    await stranger.add('welcome', {});
    await ended;
    const spans = await spansOf(it);
    const [boot] = named(spans, 'boot');
    expect(spans.filter(({ traceId }) => traceId === boot?.traceId)).toHaveLength(1);
    const [process, settle] = ['process mail', 'settle mail'];
    expect(spans.map(({ name }) => name).sort()).toEqual([
      'boot',
      process,
      process,
      'send mail',
      settle,
      settle,
    ]);
    expect(createBullmqTelemetry().contextManager.root()).toBe(ROOT_CONTEXT);
  });

  test('what a job carries is read by Millrace, and rubbish in its place harms nobody', async () => {
    const it = stock(async () => undefined);
    await it.worker.pause();
    const job = await it.queue.add('welcome', {});
    const carrier = readCarrier(String(job.opts.telemetry?.metadata));
    const [send] = exporter.getFinishedSpans();
    expect(carrier.parent).toEqual({
      traceId: send?.spanContext().traceId,
      spanId: send?.spanContext().spanId,
      isSampled: true,
    });
    const { contextManager } = createBullmqTelemetry();
    for (const rubbish of ['', '{', '7', 'null', '{"traceparent":"x"}']) {
      expect(trace.getSpanContext(contextManager.fromMetadata(context.active(), rubbish))).toBeUndefined();
    }
  });

  test('the jobs of a flow link to what sent them', async () => {
    const it = stock(async () => undefined);
    const ended = it.ended(2);
    await it.flows.add({
      name: 'parent',
      queueName: 'mail',
      opts: {},
      children: [{ name: 'child', queueName: 'mail', opts: {} }],
    });
    await ended;
    const processes = named(await spansOf(it), 'process mail');
    expect(processes).toHaveLength(2);
    for (const process of processes) expect([process.parent, process.links.length]).toEqual([undefined, 1]);
  });
});
