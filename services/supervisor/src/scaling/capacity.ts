import type { PodCapacity, PodStatus, WorkerStatus } from '@millrace/core';

const SERVING: ReadonlySet<WorkerStatus['state']> = new Set(['running', 'draining', 'suspect']);

/** As the pods of that pool show it; null where none is linked. */
export function seenCapacity(
  pool: string,
  pods: readonly PodStatus[],
  workers: readonly WorkerStatus[],
): PodCapacity | null {
  const own = new Set(pods.filter((pod) => pod.pool === pool).map(({ id }) => id));
  const serving = workers.filter(
    ({ pod, state, slot }) => own.has(pod) && slot !== null && SERVING.has(state),
  );
  const inPods = new Set(serving.map(({ pod }) => pod)).size;
  if (inPods === 0) return null;
  const slots = serving.reduce(
    (sum, { concurrency, queues }) => sum + concurrency / Math.max(1, queues.length),
    0,
  );
  return { processes: serving.length / inPods, slots: slots / serving.length };
}
