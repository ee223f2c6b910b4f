import type { DeadAttempt, DeathCertificate, Recovery } from '@millrace/core';
import {
  type Cut,
  cutAtEnd,
  cutAtStart,
  deadAttemptSpans,
  hashOfTraceId,
  isContinued,
  isHashSampled,
  type JobTrace,
  jobHash,
  jobTrace,
  type Restart,
  recoveryTraceIdOf,
  type SamplingPolicy,
  type SpanRecord,
  type StoreFacts,
  type TraceShape,
} from '@millrace/telemetry';

/** What decides which spans there are, and how they hang together. */
export interface SpanRules {
  readonly sampling: SamplingPolicy;
  readonly shapeOf: (queue: string) => TraceShape;
  readonly store: StoreFacts | null;
}

/** Dead attempts by queue. */
export type DeadAttempts = ReadonlyMap<string, readonly DeadAttempt[]>;
/** When each orphan was seen starting again, ms since 1970: by queue, by job id. */
export type Restarts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What was decided as the attempt began: the producer decided the same, but for what only a later attempt can be. */
function startCut(sampling: SamplingPolicy, attempt: DeadAttempt, trace: JobTrace, continued: boolean) {
  const { parent } = trace.carrier;
  const hash =
    sampling.mode === 'ratio' && parent
      ? hashOfTraceId(parent.traceId)
      : jobHash(attempt.queue, attempt.id, attempt.timestampMs);
  return cutAtStart(sampling, hash, parent?.isSampled ?? null, continued);
}

/** The spans of the attempts that a death cut off, each in its job's own trace. */
export function spansOfDeadAttempts(
  attempts: readonly DeadAttempt[],
  certificate: DeathCertificate,
  { sampling, shapeOf, store }: SpanRules,
): SpanRecord[] {
  return attempts.flatMap((attempt) => {
    const trace = jobTrace(attempt, shapeOf(attempt.queue));
    const atStart = startCut(sampling, attempt, trace, isContinued(attempt));
    const cut: Cut | null = cutAtEnd(sampling, atStart, 'killed', false);
    if (cut === null) return [];
    const ofProducer = startCut(sampling, attempt, trace, false);
    return deadAttemptSpans(attempt, trace, ofProducer, certificate, store, cut);
  });
}

/** Whether a recovery is traced: Millrace's own cuts keep all, the specification's samplers what they would of a root. */
export function isRecoveryTraced({ mode, rate }: SamplingPolicy, startId: string): boolean {
  if (mode === 'ratio') return isHashSampled(recoveryTraceIdOf(startId), rate);
  return mode !== 'never';
}

/** The orphans that were seen starting again, in the order in which they did. A job that is gone has no trace to link. */
export function restartsOf(
  recovery: Recovery,
  attempts: DeadAttempts,
  seen: Restarts,
  { shapeOf }: SpanRules,
): Restart[] {
  return Object.keys(recovery.orphans)
    .flatMap((queue) =>
      (attempts.get(queue) ?? []).flatMap((attempt) => {
        const atMs = seen.get(queue)?.get(attempt.id);
        if (atMs === undefined) return [];
        const { id, start, returnedUs } = attempt;
        const trace = jobTrace(attempt, shapeOf(queue));
        const again = { start: start + 1, startedUs: Math.round(atMs * 1000), worker: null };
        return [{ queue, id, ...again, returnedUs, trace, deadStart: start }];
      }),
    )
    .sort((a, b) => a.startedUs - b.startedUs);
}
