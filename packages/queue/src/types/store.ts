import type { Clock, Config, Lifecycle, Log } from '@millrace/core';
import type { StoreFormat } from '../connection/format.ts';
import type { BoundedQueue } from './queue.ts';
import type { Board, QueueSupervision } from './supervision.ts';
import type { OutcomeWaiters } from './waiters.ts';

/** How one server of the store works, as it tells itself. Those called total count from its start. */
export interface StoreNodeLoad {
  /** `host:port`. */
  readonly node: string;
  /** Until it answered the question for all this. */
  readonly answerMs: number;
  /** CPU time of the one thread that runs commands, and of all of its threads and children, in seconds. */
  readonly mainCpuSeconds: number;
  readonly cpuSeconds: number;
  readonly commandsTotal: number;
  readonly clients: number;
  /** Bytes. */
  readonly memoryUsed: number;
  /** Bytes; 0 where no limit is set. */
  readonly memoryMax: number;
  /** fsyncs of the append-only file that made writers wait, since the one before was not over: a slow disk. */
  readonly delayedFsyncsTotal: number;
  /** The last fork, for a snapshot or a rewrite: nothing is answered meanwhile. */
  readonly lastForkMs: number;
  /** False while it cannot write its append-only file. */
  readonly isAofWritten: boolean;
}

/** How a store does that is fit for jobs. In a Cluster, memory is that of the fullest master. */
export interface StoreCondition {
  readonly product: 'redis' | 'valkey';
  readonly version: string;
  /** The number that stands for the layout of Millrace's data; see docs/decisions/0016. */
  readonly format: number;
  /** Bytes. */
  readonly memoryUsed: number;
  /** Bytes; 0 where no limit is set. */
  readonly memoryMax: number;
  /** Of every server that is asked: one, or a Cluster's masters. */
  readonly nodes: readonly StoreNodeLoad[];
  /** Sentences for a person: what is allowed, and yet a risk. */
  readonly warnings: readonly string[];
}

/** What a process sees of the store. */
export interface Store extends Lifecycle {
  /** True while commands can be sent. */
  readonly connected: boolean;
  /**
   * Whether jobs are safe in the store. Throws `store_unfit` (version, eviction policy, rights of its user, a newer format
   * of the data) or `store_unavailable`, each saying what to do.
   */
  check(): Promise<StoreCondition>;
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
  /** Instead of this build's own. */
  readonly format?: StoreFormat;
}
/** Builds a {@link Store}; `start` opens the connection without waiting for it to be up. */
export type CreateStore = (config: Config, dependencies: StoreDependencies) => Store;
