import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SpanRecord } from '../span-record.ts';
import { settingsOf } from '../testing.ts';
import type { HandlerScope } from './handler-scope.ts';
import { createHandlerTracing, type HandlerTracing } from './handler-tracing.ts';

const PLACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const ON = settingsOf({ OTEL_TRACES_EXPORTER: 'console', OTEL_BSP_MAX_QUEUE_SIZE: '16' });
const at = (isSampled: boolean) => () => ({
  place: PLACE,
  isSampled,
  baggage: 'millrace.run.id=r1',
  traceState: 'a=b',
});

let sunk: SpanRecord[];
let tracing: HandlerTracing;
beforeEach(async () => {
  sunk = [];
  tracing = make();
  await tracing.start();
});
afterEach(() => tracing.stop());

function make(settings = ON) {
  const sink = (records: readonly SpanRecord[]) => void sunk.push(...records);
  return createHandlerTracing(settings, { log: silentLog, sink });
}

const work = (name = 'inner') =>
  trace.getTracer('test').startActiveSpan(name, { attributes: { n: 1 } }, (span) => span.end());

describe('handler spans', () => {
  test('hang under the attempt and wait for its decision', async () => {
    const scope = tracing.open(at(false));
    await tracing.run(scope, async () => {
      await Promise.resolve();
      trace.getTracer('test').startActiveSpan('outer', (outer) => {
        work();
        outer.recordException(new TypeError('no'));
        outer.setStatus({ code: SpanStatusCode.ERROR, message: 'no' });
        outer.end();
      });
    });
    expect(sunk).toEqual([]);
    expect(tracing.stats().waiting).toBe(2);
    tracing.settle(scope, true);
    const [inner, outer] = sunk;
    expect(outer).toMatchObject({
      traceId: PLACE.traceId,
      parentSpanId: PLACE.spanId,
      name: 'outer',
      error: 'no',
      traceState: 'a=b',
      events: [
        { name: 'exception', attributes: { 'exception.type': 'TypeError', 'exception.message': 'no' } },
      ],
    });
    expect(inner).toMatchObject({ parentSpanId: outer?.spanId, attributes: { n: 1 } });
    expect(tracing.stats()).toEqual({ waiting: 0, dropped: 0 });
  });

  test('of a dropped attempt are forgotten, also those that end later; those of a kept one follow it', () => {
    const [dropped, kept] = [tracing.open(at(false)), tracing.open(at(false))];
    const late = [dropped, kept].map((scope) =>
      tracing.run(scope, () => trace.getTracer('test').startSpan('late')),
    );
    tracing.run(dropped, work);
    tracing.settle(dropped, false);
    tracing.settle(kept, true);
    for (const span of late) span.end();
    expect(sunk.map(({ name }) => name)).toEqual(['late']);
  });

  test('are bounded for one attempt and for all', () => {
    const scopes = Array.from({ length: 10 }, () => tracing.open(at(false)));
    for (const scope of scopes) for (let n = 0; n < 3; n++) tracing.run(scope, work);
    // 16 may wait, two of each attempt.
    expect(tracing.stats()).toEqual({ waiting: 16, dropped: 14 });
    for (const scope of scopes) tracing.settle(scope, false);
    expect(tracing.stats().waiting).toBe(0);
    const greedy = tracing.open(at(false));
    for (let n = 0; n < 3; n++) tracing.run(greedy, work);
    expect(tracing.stats()).toEqual({ waiting: 2, dropped: 15 });
  });

  test('of attempts whose end nobody tells give way to those of later ones', () => {
    const untold = Array.from({ length: 8 }, () => tracing.open(at(false)));
    for (const scope of untold) for (let n = 0; n < 2; n++) tracing.run(scope, work);
    const later = tracing.open(at(false));
    tracing.run(later, work);
    tracing.settle(later, true);
    expect([sunk.length, tracing.stats()]).toEqual([1, { waiting: 14, dropped: 2 }]);
    tracing.settle(untold[0] as HandlerScope, true);
    expect([sunk.length, tracing.stats().waiting]).toEqual([1, 14]);
  });

  test('are not made outside of handlers, nor where nothing can keep them', async () => {
    work();
    await tracing.stop();
    tracing = make(settingsOf({ OTEL_TRACES_EXPORTER: 'console', OTEL_TRACES_SAMPLER: 'traceidratio' }));
    await tracing.start();
    const scope = tracing.open(at(false));
    tracing.run(scope, work);
    expect(tracing.stats()).toEqual({ waiting: 0, dropped: 0 });
    tracing.settle(scope, true);
    expect(sunk).toEqual([]);
  });

  test('the context is described when somebody asks, once, and tells where the log stands', () => {
    let asked = 0;
    const scope = tracing.open(() => {
      asked++;
      return at(true)();
    });
    tracing.run(scope, () => undefined);
    expect(asked).toBe(0);
    tracing.run(scope, () => {
      expect(tracing.active()).toEqual(PLACE);
      expect(propagation.getBaggage(context.active())?.getEntry('millrace.run.id')?.value).toBe('r1');
      trace.getTracer('test').startActiveSpan('inner', (span) => {
        expect(tracing.active()?.spanId).toBe(span.spanContext().spanId);
        expect(span.spanContext().traceFlags).toBe(1);
      });
    });
    expect(asked).toBe(1);
    expect(tracing.active()).toBeNull();
  });

  test('from a thread or a process wait like any other', () => {
    const scope = tracing.open(at(false));
    const record: SpanRecord = {
      ...PLACE,
      parentSpanId: null,
      name: 'elsewhere',
      kind: 'internal',
      startUs: 1,
      endUs: 2,
      attributes: {},
    };
    tracing.adopt(scope, [record]);
    tracing.settle(scope, true);
    expect(sunk).toEqual([record]);
  });

  test('a fetch is a CLIENT span, and carries the context and its flag', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.traceparent as string, request.headers.baggage as string);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const scope = tracing.open(at(true));
    await tracing.run(scope, async () => {
      await (await fetch(`http://127.0.0.1:${port}/`)).text();
    });
    tracing.settle(scope, true);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(sunk).toMatchObject([{ kind: 'client', name: 'GET', parentSpanId: PLACE.spanId }]);
    expect(seen).toEqual([`00-${PLACE.traceId}-${sunk[0]?.spanId}-01`, 'millrace.run.id=r1']);
  });

  test('keeps the lifecycle contract, and off runs the handler as it is', async () => {
    await tracing.stop();
    await lifecycleStress(make, (subject) => {
      const scope = subject.open(at(true));
      return subject.run(scope, () => trace.getTracer('test').startSpan('x').isRecording());
    });
    const off = createHandlerTracing(settingsOf({}), {
      log: silentLog,
      sink: () => expect.unreachable(),
    });
    await off.start();
    expect(off.run(off.open(at(true)), () => 7)).toBe(7);
    expect(off.active()).toBeNull();
  });
});
