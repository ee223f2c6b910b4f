import type { EndedAttempt } from '@millrace/core';
import { jobHash, type SpanRecord, samplingPolicy, spanIdOf, traceIdOf } from '@millrace/telemetry';
import { expect, test } from 'vitest';
import { createRecorder, type RecorderDependencies } from './recorder.ts';

const NOW_US = 1_700_000_000_000_000;

/** An attempt of a millisecond; most jobs of 1 % are not in the hash's share, this one never is at a rate of 0. */
function attemptOf(over: Partial<EndedAttempt> = {}): EndedAttempt {
  return {
    ...{ queue: 'q', id: '1', name: 'job', timestampMs: NOW_US / 1_000, enqueuedUs: NOW_US, dueUs: NOW_US },
    ...{ startedUs: NOW_US + 100, endedUs: NOW_US + 1_100, settledUs: NOW_US + 1_500, start: 1, attempt: 1 },
    ...{ outcome: 'completed', error: null, worker: 'pod.1', carrier: null, origin: 'single' },
    ...{ before: null, replayOf: null, ...over },
  };
}

function setup(over: Partial<RecorderDependencies> = {}) {
  const spans: SpanRecord[] = [];
  const settled: boolean[] = [];
  const record = createRecorder('auto', {
    policy: samplingPolicy('cuts', 0),
    store: { address: 'store', port: 1 },
    keep: (kept) => void spans.push(...kept),
    settle: (_, isKept) => void settled.push(isKept),
    weather: () => ({ 'millrace.gc_ms': 7 }),
    ...over,
  });
  return { record, spans, settled };
}

const cutsOf = (spans: readonly SpanRecord[]) =>
  spans.filter(({ kind }) => kind === 'consumer').map((span) => span.attributes['millrace.sampling.cut']);

test('an attempt that nothing chooses is no span, and its handler hears so', () => {
  const { record, spans, settled } = setup();
  record(attemptOf());
  expect([spans, settled]).toEqual([[], [false]]);
});

test('a failure is one, with its send before and its settle in it, where they belong', () => {
  const { record, spans, settled } = setup();
  record(attemptOf({ outcome: 'failed', error: { type: 'RangeError', message: 'far', stack: 'at x' } }));
  const traceId = traceIdOf('q', '1', NOW_US / 1_000);
  const spanId = spanIdOf(traceId, 'q', '1', 1);
  expect(spans).toMatchObject([
    { name: 'send q', traceId, spanId: spanIdOf(traceId, 'q', '1', 0), startUs: NOW_US, endUs: NOW_US },
    { name: 'process q', traceId, spanId, startUs: NOW_US + 100, endUs: NOW_US + 1_500, error: 'far' },
    { name: 'settle q', parentSpanId: spanId, startUs: NOW_US + 1_100, endUs: NOW_US + 1_500 },
  ]);
  expect(spans[1]?.events?.[0]?.attributes).toMatchObject({ 'exception.stacktrace': 'at x' });
  expect(settled).toEqual([true]);
});

test('the slow tell how their process was, and those of its time are not', () => {
  const { record, spans } = setup();
  for (let at = 0; at < 1_000; at += 1) {
    record(attemptOf({ id: String(at), endedUs: NOW_US + 1_100 + (at % 50) }));
  }
  expect(spans).toEqual([]);
  record(attemptOf({ endedUs: NOW_US + 90_000, settledUs: NOW_US + 90_100 }));
  const [process] = spans.filter(({ kind }) => kind === 'consumer');
  expect(process?.attributes).toMatchObject({ 'millrace.sampling.cut': 'slow', 'millrace.gc_ms': 7 });
  expect(
    spans.every(({ kind, attributes }) => kind === 'consumer' || !('millrace.gc_ms' in attributes)),
  ).toBe(true);
});

test('slow is counted from when its sender meant to send it', () => {
  const { record, spans } = setup();
  for (let at = 0; at < 1_000; at += 1) record(attemptOf({ id: String(at) }));
  const baggage = `millrace.scheduled_us=${NOW_US - 500_000}`;
  record(attemptOf({ carrier: JSON.stringify({ baggage }) }));
  expect(cutsOf(spans)).toEqual(['slow']);
});

test('of what comes back, a client’s sampled trace and a job that goes on are kept alone', () => {
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const { record, spans } = setup();
  record(attemptOf({ outcome: 'returned' }));
  record(attemptOf({ outcome: 'returned', carrier: JSON.stringify({ traceparent }) }));
  record(attemptOf({ outcome: 'returned', before: 3, start: 4 }));
  expect(cutsOf(spans)).toEqual(['remote', 'continued']);
});

test('a specification’s sampler knows neither failures nor the slow', () => {
  const { record, spans } = setup({ policy: samplingPolicy('never', 0) });
  record(attemptOf({ outcome: 'failed', error: { type: 'Error', message: 'x' } }));
  expect(spans).toEqual([]);
  const all = setup({ policy: samplingPolicy('always', 1) });
  all.record(attemptOf());
  expect(cutsOf(all.spans)).toEqual(['sampler']);
});

test('the hash keeps its share, and says for how many it stands', () => {
  const policy = samplingPolicy('cuts', 0.01);
  const { record, spans } = setup({ policy });
  for (let at = 0; at < 20_000; at += 1) record(attemptOf({ id: String(at) }));
  const kept = spans.filter(({ kind }) => kind === 'consumer');
  expect(kept.length).toBeGreaterThan(140);
  expect(kept.length).toBeLessThan(260);
  for (const { attributes } of kept) {
    const id = String(attributes['messaging.message.id']);
    expect(jobHash('q', id, NOW_US / 1_000)).toBeGreaterThanOrEqual(policy.threshold);
    expect(attributes['millrace.sampling.weight']).toBe(100);
  }
});
