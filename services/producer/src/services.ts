import type { Clock, Config, Log } from '@millrace/core';
import type { OutcomeWaiters, Store } from '@millrace/queue';
import type { Admission } from './admission/admission.ts';
import type { JobChecker } from './admission/check-job.ts';
import type { KnownQueues } from './admission/known-queues.ts';
import type { EventHub } from './events/hub.ts';
import type { Metrics } from './metrics.ts';
import type { JobTraces } from './tracing/job-traces.ts';
import type { Tracing } from './tracing/tracing.ts';

/** What the routes work with. */
export interface Services {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly waiters: OutcomeWaiters;
  readonly queues: KnownQueues;
  readonly checker: JobChecker;
  readonly admission: Admission;
  readonly events: EventHub;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly jobTraces: JobTraces;
  /** Aborts when the port is about to be closed: nobody is kept waiting from then on. */
  readonly draining: AbortSignal;
}
