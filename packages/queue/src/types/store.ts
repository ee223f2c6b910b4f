import type { Clock, Config, Lifecycle, Log } from '@millrace/core';
import type { BoundedQueue } from './queue.ts';
import type { Board, QueueSupervision } from './supervision.ts';
import type { OutcomeWaiters } from './waiters.ts';

/** What a process sees of the store. */
export interface Store extends Lifecycle {
  /** True while commands can be sent. */
  readonly connected: boolean;
  /** Throws `store_unfit` (eviction policy, version) or `store_unavailable`, each saying what to do. */
  check(): Promise<void>;
  queue(name: string): BoundedQueue;
  readonly supervision: QueueSupervision;
  readonly board: Board;
  waiters(): OutcomeWaiters;
}

/** What the factories need besides the configuration. `name` shows in the store's client list. */
export interface StoreDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly name: string;
  /** `fail-fast`: own deadline, nothing queued or resent (API). `patient`: waits out an outage (supervisor, worker). */
  readonly profile: 'fail-fast' | 'patient';
}
/** Builds a {@link Store}; `start` opens the connection without waiting for it to be up. */
export type CreateStore = (config: Config, dependencies: StoreDependencies) => Store;
