import type { Clock, Config, Log, PodStatus, PoolStatus, WorkerStatus } from '@millrace/core';
import type { Store } from '@millrace/queue';
import type { MetricFamily } from '@millrace/telemetry';
import type { PodControllers } from './cluster/pod-controllers.ts';
import { createKeepScaling } from './scaling/keep-scaling.ts';
import { scalingFamilies } from './scaling/scaling-metrics.ts';
import { conditionsOf, statusText } from './status/conditions.ts';

const STATUS_MS = 5_000;

export interface ClusterDutiesDependencies {
  readonly config: Config;
  readonly store: Store;
  readonly controllers: PodControllers | null;
  readonly leads: () => boolean;
  readonly storeFaults: () => readonly string[];
  readonly pods: () => readonly PodStatus[];
  readonly workers: () => readonly WorkerStatus[];
  readonly isHeard: (pod: string) => boolean;
  readonly pools: () => readonly PoolStatus[];
  readonly clock: Clock;
  readonly log: Log;
}

/** What the leader tells the outside of: how many pods it wants, and how everything stands. */
export interface ClusterDuties {
  /** Each goes on until `signal` aborts, with which it rejects. */
  scaling(signal: AbortSignal): Promise<void>;
  status(signal: AbortSignal): Promise<void>;
  families(): MetricFamily[];
}

/** See {@link ClusterDuties}. */
export function createClusterDuties(dependencies: ClusterDutiesDependencies): ClusterDuties {
  const { controllers, leads, storeFaults, pools, clock } = dependencies;
  const scaling = createKeepScaling(dependencies);
  return {
    scaling: scaling.run,
    async status(signal) {
      while (!signal.aborted) {
        if (leads()) {
          const shown = pools();
          controllers?.condition(
            conditionsOf({ storeFaults: storeFaults(), pools: shown }),
            statusText(shown),
          );
        }
        await clock.sleep(STATUS_MS, signal);
      }
    },
    families: () => [
      ...scalingFamilies(scaling.current(), controllers?.sizes() ?? new Map()),
      ...(controllers?.metrics() ?? []),
    ],
  };
}
