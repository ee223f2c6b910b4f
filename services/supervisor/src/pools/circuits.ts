import type { Circuit } from '@millrace/core';
import { blockerOf, isDown } from './order.ts';
import { isWanted, type PoolNode, type Tree, type TreeSettings } from './tree.ts';

/** The circuit of one pool; null while it takes jobs. */
export function circuitOf(tree: Tree, at: number, { strategy, trialMs }: TreeSettings): Circuit | null {
  const { pools } = tree;
  const pool = pools[at];
  if (!pool || !isDown(pools, at, strategy)) return null;
  const { name, trouble } = pool;
  if (trouble !== null) {
    return { pool: name, reason: trouble.reason, sinceMs: trouble.sinceMs, retryAtMs: trouble.retryAtMs };
  }
  const blocker = blockerOf(pools, at, strategy) as PoolNode;
  const reason = `Pool "${name}" waits for pool "${blocker.name}". ${blocker.trouble?.reason}`;
  const { sinceMs = 0, retryAtMs = null } = blocker.trouble ?? {};
  // It starts when the trial of the one before it was good.
  const dueMs = retryAtMs === null ? blocker.provenAtMs : retryAtMs + trialMs;
  return { pool: name, reason, sinceMs, retryAtMs: dueMs };
}

/** Queues of a pool; one that names none serves all of `names`. */
export function queuesOf(settings: TreeSettings, pool: string, names: readonly string[]): readonly string[] {
  return settings.pools.find(({ name }) => name === pool)?.queues ?? names;
}

/**
 * What each queue's circuit is to be: that of the first pool which serves it and takes no jobs, and none as long as
 * another pool serves it. `names` are all queues that are known.
 */
export function circuits(
  tree: Tree,
  settings: TreeSettings,
  names: readonly string[],
): ReadonlyMap<string, Circuit | null> {
  const of = new Map<string, Circuit | null>(names.map((queue) => [queue, null]));
  const served = new Set<string>();
  for (const [at, pool] of tree.pools.entries()) {
    // A pool without pods serves nobody, and gives up for nobody.
    if (!isWanted(pool)) continue;
    const circuit = circuitOf(tree, at, settings);
    for (const queue of queuesOf(settings, pool.name, names)) {
      if (circuit === null) served.add(queue);
      of.set(queue, of.get(queue) ?? circuit);
    }
  }
  for (const queue of served) of.set(queue, null);
  return of;
}
