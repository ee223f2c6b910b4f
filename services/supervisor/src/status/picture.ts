import type { ClusterStatus, PodStatus, WorkerStatus } from '@millrace/core';
import type { StartState } from '@millrace/supervision';

export interface PictureSources {
  readonly atMs: number;
  readonly supervisor: ClusterStatus['supervisor'];
  readonly workers: readonly WorkerStatus[];
  /** Pods as they tell of themselves over their links. */
  readonly linkedPods: readonly PodStatus[];
  /** Pods as the cluster knows them. */
  readonly clusterPods: readonly PodStatus[];
  readonly pools: ClusterStatus['pools'];
}

/** What the death watch has to say of a worker's state; null leaves the worker's own word. */
export function judgedState(state: StartState | undefined): WorkerStatus['state'] | null {
  if (state?.phase === 'dead') return 'dead';
  return state?.phase === 'suspect' || state?.phase === 'fencing' ? 'suspect' : null;
}

/** One picture of everything: what a pod tells of itself goes before what its cluster knows. */
export function drawPicture({ linkedPods, clusterPods, ...rest }: PictureSources): ClusterStatus {
  const linked = new Map(linkedPods.map((pod) => [pod.id, pod]));
  const known = new Set(clusterPods.map(({ id }) => id));
  const pods = [
    ...clusterPods.map((pod) => (pod.state === 'down' ? pod : (linked.get(pod.id) ?? pod))),
    ...linkedPods.filter(({ id }) => !known.has(id)),
  ];
  return { ...rest, pods: pods.sort((a, b) => a.id.localeCompare(b.id)) };
}
