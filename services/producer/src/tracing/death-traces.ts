import type { DeadLetter, Recovery, RecoveryView } from '@millrace/core';
import type { StoredLetter } from '@millrace/queue';
import { processPlace, recoveryTraceIdOf } from '@millrace/telemetry';
import { boundedRecovery } from '../bounded-recovery.ts';
import type { JobTraces } from './job-traces.ts';

/** A stored dead letter with its trace; each of its kills with its span, and the trace of the recovery from it. */
export function letterView(
  { provenance, kills, ...letter }: StoredLetter,
  traces: JobTraces,
  self: string,
): DeadLetter {
  const trace = traces.traceOf(provenance);
  const { traceId } = trace;
  return {
    ...letter,
    kills: kills.map((kill) => ({
      ...kill,
      spanId: processPlace(trace, provenance, kill.start).spanId,
      // Alone, it took only its own process or thread along: no worker died, and nothing was recovered.
      recoveryTraceId: kill.isolated ? null : recoveryTraceIdOf(kill.worker),
    })),
    traceId,
    links: { self, ...traces.linkOf(traceId) },
  };
}

/** A recovery as it is told, bounded, with its trace. */
export function recoveryView(recovery: Recovery, { linkOf }: Pick<JobTraces, 'linkOf'>): RecoveryView {
  const traceId = recoveryTraceIdOf(recovery.id);
  return { ...boundedRecovery(recovery), traceId, links: linkOf(traceId) };
}
