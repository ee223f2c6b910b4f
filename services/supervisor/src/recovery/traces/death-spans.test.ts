import type { DeadAttempt } from '@millrace/core';
import {
  jobHash,
  type Restart,
  recoveryPlaceOf,
  samplingPolicy,
  spanIdOf,
  traceIdOf,
} from '@millrace/telemetry';
import { describe, expect, test } from 'vitest';
import { certificateOf } from '../../../../../tests/support/queue.ts';
import { beginRecovery } from '../record.ts';
import { isRecoveryTraced, restartsOf, type SpanRules, spansOfDeadAttempts } from './death-spans.ts';

const certificate = certificateOf('pod.a', { cause: 'oom', exitSignal: 'SIGKILL', diedAtMs: 5_000.25 });
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
    const [send, process, ...more] = spansOfDeadAttempts([attempt()], certificate, rules());
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
    const [, process] = spansOfDeadAttempts([attempt({ startedUs: 6_000_000 })], certificate, rules());
    expect(process).toMatchObject({ startUs: 6_000_000, endUs: 6_000_000 });
  });

  test.each([
    ['an attempt before it has a span', { start: 2, before: 1, hasTracedPast: true }],
    ['an older one has, and the last was handed back', { start: 3, before: null, hasTracedPast: true }],
    ['its client keeps the trace: the producer wrote it', { carrier: remote('01') }],
    ['it came in a bulk, which has its own', { origin: 'bulk' as const }],
  ])('writes no send when %s', (_, over) => {
    const spans = spansOfDeadAttempts([attempt(over)], certificate, rules());
    expect(spans.map(({ name }) => name)).toEqual(['process mail']);
  });

  test('of a hash-sampled job is kept as failed, with weight 1, and its send was the producer’s', () => {
    const spans = spansOfDeadAttempts([attempt()], certificate, rules(samplingPolicy('cuts', 1)));
    expect(spans).toMatchObject([{ attributes: { 'millrace.sampling.cut': 'failed' } }]);
  });

  test('has a span only if the sampler that was asked for keeps it', () => {
    const named = (sampling: SpanRules['sampling'], over?: Partial<DeadAttempt>) =>
      spansOfDeadAttempts([attempt(over)], certificate, rules(sampling)).map(
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

describe('a recovery', () => {
  test('is traced unless the sampler that was asked for says no', () => {
    expect(isRecoveryTraced(cuts, 'pod.a')).toBe(true);
    expect(isRecoveryTraced(samplingPolicy('always', 1), 'pod.a')).toBe(true);
    expect(isRecoveryTraced(samplingPolicy('never', 0), 'pod.a')).toBe(false);
    const kept = Array.from({ length: 1_000 }, (_, n) =>
      isRecoveryTraced(samplingPolicy('ratio', 0.1), `pod.${n}`),
    );
    expect(kept.filter(Boolean).length).toBeGreaterThan(50);
    expect(kept.filter(Boolean).length).toBeLessThan(160);
  });

  test('tells of the orphans that were seen again, first those that were first; gone jobs have no trace to link', () => {
    const recovery = { ...beginRecovery(certificate), orphans: { mail: ['7', '8', '9'], video: ['7'] } };
    const attempts = new Map([
      ['mail', [attempt(), attempt({ id: '8', start: 3 })]],
      ['video', [attempt({ queue: 'video' })]],
    ]);
    const seen = new Map([
      [
        'mail',
        new Map([
          ['7', 5_030],
          ['8', 5_020],
          ['9', 5_015],
        ]),
      ],
      ['video', new Map<string, number>()],
    ]);
    const restarts = restartsOf(recovery, attempts, seen, rules());
    expect(restarts).toMatchObject([
      { queue: 'mail', id: '8', deadStart: 3, start: 4, returnedUs: 5_010_000, startedUs: 5_020_000 },
      { queue: 'mail', id: '7', deadStart: 1, start: 2, trace: { traceId }, startedUs: 5_030_000 },
    ] satisfies Partial<Record<keyof Restart, unknown>>[]);
  });
});
