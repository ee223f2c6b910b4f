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
  readonly graceSeconds: number;
}

/** A pod and the deletion cost that it is to have; 0: none. */
export interface PodCost {
  readonly pod: PodObject;
  readonly cost: number;
}

export interface PodWriterDependencies {
  readonly api: KubernetesApi;
  readonly holdsLease: () => boolean;
  /** Only log what would be done. */
  readonly dryRun: boolean;
  readonly log: Log;
}

/** All that we ever write to pods. Each write is made only while the lease is ours, and names the very pod it is meant for. */
export interface PodWriter {
  /** Deletes it. Throws {@link ApiError}, also when the lease is not ours. */
  end(ending: Ending): Promise<void>;
  /** Sets what is not as it is to be. Resolves whether the server has taken all of it; never rejects. */
  setCosts(costs: readonly PodCost[]): Promise<boolean>;
}

/** See {@link PodWriter}. */
export function createPodWriter({ api, holdsLease, dryRun, log }: PodWriterDependencies): PodWriter {
  const pathOf = (name: string) => `/api/v1/namespaces/${api.namespace}/pods/${name}`;

  /** Asked at the last moment: an order may have waited so long that the lease is over. */
  function assertLease(): void {
    if (!holdsLease())
      throw new ApiError(0, 'NotLeader', 'this supervisor does not hold the cluster’s lease');
  }

  /** Whether the server took it, or nothing is to be done any more. */
  async function patch({ metadata }: PodObject, annotations: object): Promise<boolean> {
    const { name, uid, resourceVersion } = metadata;
    try {
      assertLease();
      if (dryRun) log.info({ pod: name, annotations }, 'A deletion cost would be set (supervision.dryRun)');
      else
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
    async end({ name, uid, graceSeconds }) {
      assertLease();
      if (dryRun) {
        log.info({ pod: name, graceSeconds }, 'A pod would be ended (supervision.dryRun)');
        return;
      }
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: graceSeconds };
      try {
        await api.call('DELETE', pathOf(name), { body: { ...body, preconditions: { uid } } });
      } catch (error) {
        // Gone, or another pod has its name by now.
        if (!isStatus(error, 404, 409)) throw error;
      }
    },
    async setCosts(costs) {
      if (!holdsLease()) return false;
      const patches = costs.flatMap(({ pod, cost }) => {
        const annotations = costPatch(pod, cost);
        return annotations === null ? [] : [{ pod, annotations }];
      });
      const taken: boolean[] = [];
      const take = async () => {
        for (let next = patches.pop(); next; next = patches.pop()) {
          taken.push(await patch(next.pod, next.annotations));
        }
      };
      await Promise.all(Array.from({ length: PATCHES_AT_ONCE }, take));
      return taken.every(Boolean);
    },
  };
}
