import type { DeadAttempt, Recovery } from '@millrace/core';
import {
  isHashSampled,
  jobTrace,
  type Restart,
  recoveryTraceIdOf,
  type SamplingPolicy,
  type SpanRules,
} from '@millrace/telemetry';

/** Dead attempts by queue. */
export type DeadAttempts = ReadonlyMap<string, readonly DeadAttempt[]>;
/** When each orphan was seen starting again, ms since 1970: by queue, by job id. */
export type Restarts = ReadonlyMap<string, ReadonlyMap<string, number>>;

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
  { shapeOf }: Pick<SpanRules, 'shapeOf'>,
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
