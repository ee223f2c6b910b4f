import type { Clock, Config, Log } from '@millrace/core';
import type { OutcomeWaiters, Store } from '@millrace/queue';
import type { Admission } from './admission/admission.ts';
import type { JobChecker } from './admission/check-job.ts';
import type { KnownQueues } from './admission/known-queues.ts';
import type { EventHub } from './events/hub.ts';
import type { Metrics } from './metrics.ts';

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
  /** Aborts when the port is about to be closed: nobody is kept waiting from then on. */
  readonly draining: AbortSignal;
}
