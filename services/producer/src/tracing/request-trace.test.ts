import { carrierOf, NO_CARRIER, samplingPolicy } from '@millrace/telemetry';
import { describe, expect, test } from 'vitest';
import { contextHeaders, isRequestKept, NO_TRACE, requestTrace } from './request-trace.ts';

const TRACE = 'ab'.repeat(16);
const traceparent = (flags: string) => `00-${TRACE}-${'cd'.repeat(8)}-${flags}`;
const followed = carrierOf({ traceparent: traceparent('01') });
const unfollowed = carrierOf({ traceparent: traceparent('00') });
const ids = { traceId: () => 'new trace', spanId: () => 'new span' };

describe('whether a request has a span', () => {
  test.each([
    // [policy, followed, not followed, without a context, and then only reading]
    ['our cuts', samplingPolicy('cuts', 0.01), [true, false, false, false]],
    ['our cuts that keep every job', samplingPolicy('cuts', 1), [true, false, false, false]],
    ['always_on', samplingPolicy('always', 1), [true, true, true, false]],
    ['parentbased_always_on', samplingPolicy('always', 1, true), [true, false, true, false]],
    ['always_off', samplingPolicy('never', 0), [false, false, false, false]],
    ['parentbased_always_off', samplingPolicy('never', 0, true), [true, false, false, false]],
    ['traceidratio of all', samplingPolicy('ratio', 1), [true, true, false, false]],
    ['traceidratio of none', samplingPolicy('ratio', 0), [false, false, false, false]],
    ['parentbased_traceidratio', samplingPolicy('ratio', 0, true), [true, false, false, false]],
  ] as const)('%s', (_, policy, expected) => {
    expect([
      isRequestKept(policy, followed, false),
      isRequestKept(policy, unfollowed, false),
      isRequestKept(policy, NO_CARRIER, true),
      isRequestKept(policy, NO_CARRIER, false),
    ]).toEqual(expected);
  });
});

describe('the headers that are believed', () => {
  const both = { traceContext: true, baggage: true };
  const headers = { traceparent: traceparent('01'), tracestate: 'v=1', baggage: 'a=1' };

  test('are those of the propagators', () => {
    expect(contextHeaders(headers, both)).toEqual(headers);
    expect(contextHeaders(headers, { traceContext: false, baggage: true })).toEqual({ baggage: 'a=1' });
    expect(contextHeaders(headers, { traceContext: true, baggage: false })).not.toHaveProperty(
      'baggage',
      'a=1',
    );
    expect(contextHeaders(headers, { traceContext: false, baggage: false })).toBeNull();
  });

  test('are none where nobody sent any', () => {
    expect(contextHeaders({ tracestate: 'v=1', host: 'here' }, both)).toBeNull();
  });
});

describe('a request’s part', () => {
  const policy = samplingPolicy('cuts', 0);

  test('is nothing without headers: nothing is made for it', () => {
    expect(requestTrace(null, true, 1, policy, ids)).toBe(NO_TRACE);
  });

  test('is under its client’s span, or begins a trace', () => {
    expect(requestTrace({ traceparent: traceparent('01') }, true, 7, policy, ids)).toMatchObject({
      ...{ startUs: 7, server: { traceId: TRACE, spanId: 'new span', parentSpanId: 'cd'.repeat(8) } },
    });
    expect(requestTrace(null, true, 7, samplingPolicy('always', 1), ids).server).toEqual({
      ...{ traceId: 'new trace', spanId: 'new span', parentSpanId: null },
    });
  });

  test('is no span, yet a context for its jobs, where its client keeps none', () => {
    const { server, carrier } = requestTrace({ traceparent: traceparent('00') }, true, 7, policy, ids);
    expect(server).toBeNull();
    expect(carrier.parent).toMatchObject({ traceId: TRACE, isSampled: false });
  });
});
