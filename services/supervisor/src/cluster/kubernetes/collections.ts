import type { Clock, Log } from '@millrace/core';
import type { PoolSize } from '../pod-controllers.ts';
import type { KubernetesApi } from './api.ts';
import type { ApiMeter } from './api-meter.ts';
import { type DeploymentObject, isOver, type PodObject, poolOf, workerContainer } from './objects.ts';
import { createWatchList } from './watch-list.ts';

export interface CollectionsOptions {
  readonly api: KubernetesApi;
  readonly meter: ApiMeter;
  readonly namespace: string;
  readonly selector: string;
  readonly onPod: (pod: PodObject, gone: boolean) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The worker pods and their Deployments, as the server has them. */
export interface Collections {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when both were read in full, or we stop. */
  synced(): Promise<void>;
  readonly isSynced: boolean;
  sizes(): ReadonlyMap<string, PoolSize>;
  onSizes(listener: () => void): void;
  deploymentOf(pool: string): DeploymentObject | undefined;
}

/** It ends again and again as it starts, so that its kubelet waits before the next time. */
export function isCrashing(pod: PodObject): boolean {
  return workerContainer(pod)?.state?.waiting?.reason === 'CrashLoopBackOff';
}

/** On a Deployment: `true` has the supervisors leave its pods and its number alone. */
export const PAUSED = 'millrace.dev/paused';

/** How each pool stands. A pool without a Deployment has the size of its pods. */
export function poolSizes(
  deployments: readonly DeploymentObject[],
  pods: readonly PodObject[],
): ReadonlyMap<string, PoolSize> {
  const sizes = new Map<string, PoolSize>();
  for (const deployment of deployments) {
    const pool = poolOf(deployment);
    // The API's default, where a manifest leaves it out.
    if (pool !== undefined) {
      const paused = deployment.metadata.annotations?.[PAUSED] === 'true';
      sizes.set(pool, { wanted: deployment.spec?.replicas ?? 1, present: 0, crashing: 0, paused });
    }
  }
  for (const pod of pods) {
    const pool = poolOf(pod);
    if (pool === undefined || isOver(pod)) continue;
    const size = sizes.get(pool) ?? { wanted: 0, present: 0, crashing: 0, paused: false };
    const present = size.present + 1;
    sizes.set(pool, { ...size, present, crashing: size.crashing + (isCrashing(pod) ? 1 : 0) });
  }
  return sizes;
}

/** See {@link Collections}. */
export function createCollections(options: CollectionsOptions): Collections {
  const { namespace, selector: labelSelector, onPod, ...dependencies } = options;
  const whole = Promise.withResolvers<void>();
  let listener: (() => void) | undefined;
  let told = '';

  const isSynced = () => pods.synced && deployments.synced;

  function listed(): void {
    if (isSynced()) whole.resolve();
    changed();
  }

  function changed(): void {
    if (!isSynced()) return;
    const text = JSON.stringify([...sizes()]);
    if (text === told) return;
    told = text;
    listener?.();
  }

  const pods = createWatchList(
    {
      ...{ path: `/api/v1/namespaces/${namespace}/pods`, labelSelector, resource: 'pods', onListed: listed },
      onChange(pod, gone) {
        onPod(pod, gone);
        changed();
      },
    },
    dependencies,
  );
  const deployments = createWatchList(
    {
      ...{ path: `/apis/apps/v1/namespaces/${namespace}/deployments`, labelSelector, onListed: listed },
      ...{ resource: 'deployments', onChange: changed },
    },
    dependencies,
  );
  const sizes = () => poolSizes(deployments.items(), pods.items());

  return {
    async start() {
      await Promise.all([pods.start(), deployments.start()]);
    },
    async stop() {
      whole.resolve();
      await Promise.all([pods.stop(), deployments.stop()]);
    },
    synced: () => whole.promise,
    get isSynced() {
      return isSynced();
    },
    sizes,
    onSizes(onSizes) {
      listener = onSizes;
    },
    deploymentOf: (pool) => deployments.items().find((deployment) => poolOf(deployment) === pool),
  };
}
