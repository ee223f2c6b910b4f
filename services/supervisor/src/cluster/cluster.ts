import type { Lifecycle } from '@millrace/core';
import type { PodControllers } from './pod-controllers.ts';

/** One pod as the cluster knows it. Times are ms since 1970. */
export interface Pod {
  readonly id: string;
  readonly pool: string;
  readonly pid: number;
  readonly startedAtMs: number;
}

/** News from the cluster. */
export type ClusterEvent =
  | ({ readonly type: 'pod-started' } & Pod)
  | ({ readonly type: 'pod-exited' } & PodExit)
  /** The cluster knows it no more. Whether it still runs somewhere nobody can say: it is no death. */
  | { readonly type: 'pod-left'; readonly id: string };

/** How a pod ended. */
export interface PodExit {
  readonly id: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly atMs: number;
  /** Its end was asked for, by us or by anybody else. */
  readonly expected: boolean;
  /** Who saw it and what they said, for a person. */
  readonly detail?: string;
  /** The cluster says that it ran out of memory. */
  readonly outOfMemory?: boolean;
}

/**
 * What starts and ends pods. It outlives its supervisor: pods go on when we die, and `list` tells a new
 * supervisor of them. Orders are not answered; what became of them comes as events.
 */
export interface Cluster extends Lifecycle {
  /** False when nothing can be created here and we only watch. */
  readonly manages: boolean;
  /** Where the cluster's own controllers create pods and keep their number: what they offer. Null where we do. */
  readonly controllers: PodControllers | null;
  /** Every pod known to be alive now. Where we create them whoever is missing has ended. Empty when it manages nothing. */
  list(): Promise<readonly Pod[]>;
  /** Nothing where controllers create pods. */
  create(id: string, pool: string): void;
  /** Asks it to drain, and kills it after `graceMs`. */
  remove(id: string, graceMs: number): void;
  /** Kills it at once, or nearly so; where that has to wait, only if `isDue` still says so when its turn has come. */
  kill(id: string, isDue?: () => boolean): void;
  /** One listener; set before `start`. */
  listen(onEvent: (event: ClusterEvent) => void): void;
}
