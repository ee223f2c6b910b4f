import { silentLog } from '@millrace/core';
import type { TakenJob } from '@millrace/queue';
import { type SpanRecord, samplingPolicy, spanIdOf, TELEMETRY_OFF, traceIdOf } from '@millrace/telemetry';
import { createHandlerTracing } from '@millrace/telemetry/handler-spans';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOpenRuns, type OpenRuns } from './open-runs.ts';

const policy = samplingPolicy('cuts', 0);
let sunk: SpanRecord[];
let tracing: ReturnType<typeof createHandlerTracing>;
let runs: OpenRuns;
beforeEach(async () => {
  sunk = [];
  const settings = { ...TELEMETRY_OFF, traces: { exporter: 'console' } as const, sampling: policy };
  const sink = (spans: readonly SpanRecord[]) => void sunk.push(...spans);
  tracing = createHandlerTracing(settings, { log: silentLog, sink });
  await tracing.start();
  runs = createOpenRuns(tracing, policy, 'auto');
});
afterEach(() => tracing.stop());

function jobOf(fence: number, over: Partial<ReturnType<TakenJob['provenance']>> = {}): TakenJob {
  const provenance = { timestampMs: 5, carrier: null, origin: 'single', before: null, ...over };
  return { id: '1', queue: 'q', fence, provenance: () => provenance } as TakenJob;
}

const own: SpanRecord = {
  ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: null, name: 'own' },
  ...{ kind: 'internal', startUs: 1, endUs: 2, attributes: {} },
};

test('a handler’s spans hang under the attempt that is to be, with what is known at the start', () => {
  const traceId = traceIdOf('q', '1', 5);
  expect(runs.open(jobOf(3)).context()).toMatchObject({
    place: { traceId, spanId: spanIdOf(traceId, 'q', '1', 3) },
    isSampled: false,
  });
  const traceparent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
  const carrier = JSON.stringify({ traceparent, baggage: 'k=v' });
  expect(runs.open(jobOf(4, { carrier })).context()).toMatchObject({
    place: { traceId: 'c'.repeat(32) },
    isSampled: true,
    baggage: 'k=v',
  });
  expect(runs.open(jobOf(5, { before: 4 })).context()?.isSampled).toBe(true);
});

test('they follow the decision about their own start, and about no other', () => {
  const first = runs.open(jobOf(1));
  first.adopt([own]);
  runs.settle({ id: '1', start: 2 }, true);
  expect(sunk).toEqual([]);
  runs.settle({ id: '1', start: 1 }, true);
  expect(sunk).toEqual([own]);
});

test('a start that nobody told the end of gives way to the next', () => {
  runs.open(jobOf(1)).adopt([own]);
  expect(tracing.stats().waiting).toBe(1);
  runs.open(jobOf(2)).adopt([own]);
  expect(tracing.stats().waiting).toBe(1);
  runs.settle({ id: '1', start: 2 }, false);
  expect([tracing.stats().waiting, sunk]).toEqual([0, []]);
});

test('who asks only when its run is over makes spans for nobody', () => {
  const run = runs.open(jobOf(1));
  run.ended();
  run.adopt([own]);
  expect(tracing.stats()).toEqual({ waiting: 0, dropped: 0 });
});

test('who asks when its run is over, and its job runs again, takes nothing from that run', () => {
  const before = runs.open(jobOf(1));
  before.ended();
  runs.open(jobOf(2)).adopt([own]);
  before.scope();
  runs.settle({ id: '1', start: 2 }, true);
  expect(sunk).toEqual([own]);
});
