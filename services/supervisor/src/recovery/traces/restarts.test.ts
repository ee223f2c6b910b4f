import type { DeadAttempt } from '@millrace/core';
import { type Restart, samplingPolicy, traceIdOf } from '@millrace/telemetry';
import { expect, test } from 'vitest';
import { certificateOf } from '../../../../../tests/support/queue.ts';
import { beginRecovery } from '../record.ts';
import { isRecoveryTraced, restartsOf } from './restarts.ts';

const certificate = certificateOf('pod.a', { cause: 'oom', exitSignal: 'SIGKILL', diedAtMs: 5_000.25 });
const cuts = samplingPolicy('cuts', 0);
const rules = { shapeOf: () => 'auto' as const };

const attempt = (over: Partial<DeadAttempt> = {}): DeadAttempt => ({
  ...{ queue: 'mail', id: '7', name: 'job', timestampMs: 1_000, enqueuedUs: 1_000_000, dueUs: 1_000_000 },
  ...{ startedUs: 4_000_000, returnedUs: 5_010_000, start: 1, attempt: 1, worker: 'pod.a', cause: 'oom' },
  ...{ carrier: null, origin: 'single', before: null, replayOf: null, hasTracedPast: false, ...over },
});
const traceId = traceIdOf('mail', '7', 1_000);
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
  const restarts = restartsOf(recovery, attempts, seen, rules);
  expect(restarts).toMatchObject([
    { queue: 'mail', id: '8', deadStart: 3, start: 4, returnedUs: 5_010_000, startedUs: 5_020_000 },
    { queue: 'mail', id: '7', deadStart: 1, start: 2, trace: { traceId }, startedUs: 5_030_000 },
  ] satisfies Partial<Record<keyof Restart, unknown>>[]);
});
