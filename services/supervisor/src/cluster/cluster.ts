import type { Lifecycle } from '@millrace/core';

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
  | {
      readonly type: 'pod-exited';
      readonly id: string;
      readonly code: number | null;
      readonly signal: string | null;
      readonly atMs: number;
      /** We had asked for its end. */
      readonly expected: boolean;
    };

/**
 * What starts and ends pods. It outlives its supervisor: pods go on when we die, and `list` tells a new
 * supervisor of them. Orders are not answered; what became of them comes as events.
 */
export interface Cluster extends Lifecycle {
  /** False when nothing can be created here and we only watch. */
  readonly manages: boolean;
  /** Every pod alive now; whoever is missing has ended. Empty when it manages nothing. */
  list(): Promise<readonly Pod[]>;
  create(id: string, pool: string): void;
  /** Asks it to drain, and kills it after `graceMs`. */
  remove(id: string, graceMs: number): void;
  /** Kills it at once. */
  kill(id: string): void;
  /** One listener; set before `start`. */
  listen(onEvent: (event: ClusterEvent) => void): void;
}
