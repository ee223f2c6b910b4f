import type { DeadAttempt, DeathCertificate } from '@millrace/core';
import { describe, expect, test } from 'vitest';
import { jobHash, recoveryPlaceOf, spanIdOf, traceIdOf } from '../ids.ts';
import { samplingPolicy } from '../sampling.ts';
import { whole } from '../testing.ts';
import { deadAttemptSpans, lostAttemptSpans, type SpanRules } from './dead-attempt.ts';

const certificate: DeathCertificate = {
  ...{ worker: 'pod.a', pod: 'pod', pid: 1, slot: 0, cause: 'oom', blame: 'jobs', exitCode: null },
  ...{ exitSignal: 'SIGKILL', diedAtMs: 5_000.25, certifiedAtMs: 5_001, evidence: [], lastLines: [] },
  ...{ peakRssBytes: null, memoryLimitBytes: null, beats: [] },
};
const cuts = samplingPolicy('cuts', 0);
const rules = (sampling = cuts): SpanRules => ({ sampling, shapeOf: () => 'auto', store: null });

const attempt = (over: Partial<DeadAttempt> = {}): DeadAttempt => ({
  ...{ queue: 'mail', id: '7', name: 'job', timestampMs: 1_000, enqueuedUs: 1_000_000, dueUs: 1_000_000 },
  ...{ startedUs: 4_000_000, returnedUs: 5_010_000, start: 1, attempt: 1, worker: 'pod.a', cause: 'oom' },
  ...{ carrier: null, origin: 'single', before: null, replayOf: null, hasTracedPast: false, ...over },
});
const traceId = traceIdOf('mail', '7', 1_000);
const remote = (flag: '00' | '01') =>
  `{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flag}"}`;

describe('a dead attempt', () => {
  test('stands in its job’s trace, from its start to the death, with the cause, and links its recovery', () => {
    const [send, process, ...more] = deadAttemptSpans(attempt(), certificate, rules()).map(whole);
    expect(more).toEqual([]);
    expect(send).toMatchObject({ name: 'send mail', kind: 'producer', traceId, startUs: 1_000_000 });
    expect(process).toMatchObject({
      ...{ name: 'process mail', kind: 'consumer', traceId, spanId: spanIdOf(traceId, 'mail', '7', 1) },
      ...{ parentSpanId: send?.spanId, startUs: 4_000_000, endUs: 5_000_250 },
      ...{ error: 'worker pod.a died: oom', links: [recoveryPlaceOf('pod.a')] },
      attributes: {
        'error.type': 'worker_killed',
        'millrace.death.cause': 'oom',
        'millrace.death.exit_signal': 'SIGKILL',
        'millrace.outcome': 'killed',
        'millrace.sampling.cut': 'failed',
        'millrace.sampling.weight': 1,
        'messaging.client.id': 'pod.a',
      },
    });
  });

  test('that was taken after the moment of the death by our clock has no negative length', () => {
    const [, process] = deadAttemptSpans(attempt({ startedUs: 6_000_000 }), certificate, rules());
    expect(process).toMatchObject({ startUs: 6_000_000, endUs: 6_000_000 });
    expect(process?.attributes['millrace.service_us']).toBe(0);
  });

  test.each([
    ['an attempt before it has a span', { start: 2, before: 1, hasTracedPast: true }],
    ['an older one has, and the last was handed back', { start: 3, before: null, hasTracedPast: true }],
    ['its client keeps the trace: the producer wrote it', { carrier: remote('01') }],
    ['it came in a bulk, which has its own', { origin: 'bulk' as const }],
  ])('writes no send when %s', (_, over) => {
    const spans = deadAttemptSpans(attempt(over), certificate, rules());
    expect(spans.map(({ name }) => name)).toEqual(['process mail']);
  });

  test('of a hash-sampled job is kept as failed, with weight 1, and its send was the producer’s', () => {
    const spans = deadAttemptSpans(attempt(), certificate, rules(samplingPolicy('cuts', 1)));
    expect(spans).toMatchObject([{ attributes: { 'millrace.sampling.cut': 'failed' } }]);
  });

  test('has a span only if the sampler that was asked for keeps it', () => {
    const named = (sampling: SpanRules['sampling'], over?: Partial<DeadAttempt>) =>
      deadAttemptSpans(attempt(over), certificate, rules(sampling)).map(
        ({ attributes }) => attributes['millrace.sampling.cut'],
      );
    expect(named(samplingPolicy('always', 1))).toEqual(['sampler']);
    expect(named(samplingPolicy('never', 0))).toEqual([]);
    const rate = 1 - (jobHash('mail', '7', 1_000) - 1) / 2 ** 32;
    expect(named(samplingPolicy('ratio', rate))).toEqual(['hash']);
    expect(named(samplingPolicy('ratio', 0))).toEqual([]);
    expect(named(samplingPolicy('always', 1, true), { carrier: remote('00') })).toEqual([]);
  });
});

test('an attempt whose lock alone ran out ends when its job was given back, and names no recovery', () => {
  const [, process] = lostAttemptSpans(attempt({ cause: 'stalled' }), rules()).map(whole);
  expect(process).toMatchObject({
    ...{ name: 'process mail', endUs: 5_010_000, links: [] },
    attributes: { 'error.type': 'lock_lost', 'millrace.outcome': 'killed', 'messaging.client.id': 'pod.a' },
  });
});
