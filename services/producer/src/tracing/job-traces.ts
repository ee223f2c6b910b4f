import { type Config, type JobLinks, type JobView, queueSettings } from '@millrace/core';
import type { Provenance, StoredJob } from '@millrace/queue';
import { type JobTrace, jobTrace, processPlace } from '@millrace/telemetry';

/** Where the spans of jobs stand, whether anybody keeps them or not. */
export interface JobTraces {
  traceOf(job: Provenance): JobTrace;
  /** Where a trace is looked at: a member of an answer's links; empty where `http.traceUrl` is not set. */
  linkOf(traceId: string): Pick<JobLinks, 'trace'>;
  /** A stored job with its trace, and each of its attempts with its span. */
  viewOf(job: StoredJob, self: string): JobView;
  /** Whether an answer tells of traces though nothing is traced here. */
  readonly isLinked: boolean;
}

export function createJobTraces(config: Pick<Config, 'queue' | 'queues' | 'worker' | 'http'>): JobTraces {
  const { traceUrl } = config.http;
  const traceOf = (job: Provenance) => jobTrace(job, queueSettings(config, job.queue).traces);
  const linkOf = (traceId: string) =>
    traceUrl === undefined ? {} : { trace: traceUrl.replaceAll('{traceId}', traceId) };
  return {
    isLinked: traceUrl !== undefined,
    traceOf,
    linkOf,
    viewOf({ provenance, attempts, ...job }, self) {
      const trace = traceOf(provenance);
      const { traceId } = trace;
      return {
        ...job,
        attempts: attempts.map((attempt) => ({
          ...{ ...attempt, spanId: processPlace(trace, provenance, attempt.start).spanId },
        })),
        traceId,
        links: { self, ...linkOf(traceId) },
      };
    },
  };
}
