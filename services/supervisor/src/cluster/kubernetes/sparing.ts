import { isOver, type PodObject, poolOf } from './objects.ts';
import type { PodBook } from './pod-book.ts';
import type { PodCost } from './pod-writer.ts';

export interface Sparing {
  readonly costs: readonly PodCost[];
  /** Pools with pods of which nobody can say whether they are to be spared. */
  readonly unknown: ReadonlySet<string>;
}

/** A controller takes those that are not ready before all others, whatever they cost. */
function isReady({ status }: PodObject): boolean {
  return (status?.conditions ?? []).some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
}

/**
 * Which of the cluster's pods are to have which cost, by the costs of our ids. A pod in which nobody is that we know the cost
 * of may be as busy as any, and so may one that says it is in a pod which the cluster has not shown us.
 */
export function sparing(
  book: Pick<PodBook, 'objects' | 'livesOf' | 'strangers'>,
  costs: ReadonlyMap<string, number>,
  isPaused: (pod: PodObject) => boolean,
): Sparing {
  const found: PodCost[] = [];
  const unknown = new Set<string>();
  for (const pod of book.objects()) {
    const pool = poolOf(pod);
    if (pool === undefined || isOver(pod) || isPaused(pod)) continue;
    const own = book.livesOf(pod.metadata.uid).flatMap((life) => costs.get(life) ?? []);
    if (own.length > 0) found.push({ pod, pool, cost: Math.max(...own) });
    else if (isReady(pod)) unknown.add(pool);
  }
  for (const { id, pool } of book.strangers()) if ((costs.get(id) ?? 0) > 0) unknown.add(pool);
  return { costs: found, unknown };
}
