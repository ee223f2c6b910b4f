import { type Log, messageOf } from '@millrace/core';
import { ApiError, isStatus, type KubernetesApi } from './api.ts';
import { costPatch } from './deletion-cost.ts';
import type { PodObject } from './objects.ts';

/** Patches of one call under way at once. */
const PATCHES_AT_ONCE = 8;

/** A pod that is to end. */
export interface Ending {
  readonly name: string;
  readonly uid: string;
  /** It is ended as it was in this version, or not at all. */
  readonly resourceVersion: string;
  readonly graceSeconds: number;
}

/** A pod and the deletion cost that it is to have; 0: none. */
export interface PodCost {
  readonly pod: PodObject;
  readonly pool: string;
  readonly cost: number;
}

export interface PodWriterDependencies {
  readonly api: KubernetesApi;
  readonly holdsLease: () => boolean;
  /** Whether one more write is not too many; counts it. */
  readonly mayWrite: () => boolean;
  /** Only log what would be done. */
  readonly dryRun: boolean;
  readonly log: Log;
}

/** All that we ever write to pods. Each write is made only while the lease is ours, and names the very pod it is meant for. */
export interface PodWriter {
  /** The server's word on it at this moment; null where it has none. Throws {@link ApiError}. */
  read(name: string): Promise<PodObject | null>;
  /** Deletes it. Throws {@link ApiError}, also when it has changed, or the lease is not ours. */
  end(ending: Ending): Promise<void>;
  /** Sets what is not as it is to be, as much as may be written now. Resolves with the pools that are not so by then; never rejects. */
  setCosts(costs: readonly PodCost[]): Promise<ReadonlySet<string>>;
}

/** See {@link PodWriter}. */
export function createPodWriter(dependencies: PodWriterDependencies): PodWriter {
  const { api, holdsLease, mayWrite, dryRun, log } = dependencies;
  const pathOf = (name: string) => `/api/v1/namespaces/${api.namespace}/pods/${name}`;
  /** What was last said to be done to a pod in that version. */
  const said = new WeakMap<PodObject, number>();

  /** Asked at the last moment: an order may have waited so long that the lease is over. */
  function assertLease(): void {
    if (!holdsLease())
      throw new ApiError(0, 'NotLeader', 'this supervisor does not hold the cluster’s lease');
  }

  /** Whether the pod is as it is to be. */
  async function setCost({ pod, cost }: PodCost): Promise<boolean> {
    const annotations = costPatch(pod, cost);
    if (annotations === null) return true;
    const { name, uid, resourceVersion } = pod.metadata;
    if (dryRun) {
      if (said.get(pod) !== cost)
        log.info({ pod: name, annotations }, 'A deletion cost would be set (supervision.dryRun)');
      said.set(pod, cost);
      return false;
    }
    if (!mayWrite()) return false;
    try {
      assertLease();
      await api.call('PATCH', pathOf(name), { body: { metadata: { uid, resourceVersion, annotations } } });
      return true;
    } catch (error) {
      // One that is gone needs no cost; one that has changed meanwhile is decided on anew.
      if (isStatus(error, 404)) return true;
      log.debug({ pod: name, error: messageOf(error) }, 'A deletion cost was not set');
      return false;
    }
  }

  return {
    async read(name) {
      try {
        return (await api.call('GET', pathOf(name))) as PodObject;
      } catch (error) {
        if (isStatus(error, 404)) return null;
        throw error;
      }
    },
    async end({ name, uid, resourceVersion, graceSeconds }) {
      assertLease();
      if (dryRun) {
        log.info({ pod: name, graceSeconds }, 'A pod would be ended (supervision.dryRun)');
        return;
      }
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: graceSeconds };
      try {
        await api.call('DELETE', pathOf(name), {
          body: { ...body, preconditions: { uid, resourceVersion } },
        });
      } catch (error) {
        if (!isStatus(error, 404)) throw error;
      }
    },
    async setCosts(costs) {
      // From its end: the highest first, since to clear one is not urgent.
      const left = [...costs].sort((a, b) => a.cost - b.cost);
      const open = new Set<string>();
      const take = async () => {
        for (let next = left.pop(); next; next = left.pop()) if (!(await setCost(next))) open.add(next.pool);
      };
      await Promise.all(Array.from({ length: PATCHES_AT_ONCE }, take));
      return open;
    },
  };
}
