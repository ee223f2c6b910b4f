import { type ReplicaStep, type ReplicaSurroundings, turnReplicas } from './keep-replicas.ts';
import { change } from './pool-turn.ts';
import { readTree } from './read-tree.ts';
import { newReplicas, withPod } from './replicas.ts';
import type { Findings } from './take-over.ts';
import type { PoolNode, PoolSettings } from './tree.ts';

/** Whether a saved pool may go on under these settings: the number of its pods is its controller's. */
function fits({ engine: { spec } }: PoolNode, own: PoolSettings): boolean {
  const rules = ({ strategy, intensity, periodMs }: PoolSettings['spec']) => [strategy, intensity, periodMs];
  return JSON.stringify(rules(spec)) === JSON.stringify(rules(own.spec));
}

/** Whoever made the pods before may have left a mode that only a maker of pods knows. */
function modeOf({ trouble }: PoolNode): PoolNode['engine']['mode'] {
  if (trouble === null) return 'running';
  return trouble.retryAtMs === null ? 'trial' : 'escalated';
}

/**
 * The tree that a leader goes on with: budgets and troubles as the one before it saved them, pods as they live now, in the
 * order of `pods`. An end that it did not hear of costs nothing.
 */
export function takeOverReplicas(
  saved: unknown,
  { pods, endOf }: Findings,
  surroundings: ReplicaSurroundings,
): ReplicaStep {
  const { pools } = readTree(saved) ?? { pools: [] };
  const inherited = surroundings.settings.pools.map((own): PoolNode => {
    const known = pools.find(({ name }) => name === own.name);
    return known && fits(known, own) ? known : newReplicas(own);
  });
  return turnReplicas({ version: 1, pools: inherited }, surroundings, (turn) => {
    for (const pool of turn.pools) {
      const gone = pool.node.engine.children.filter(({ id }) => !pods.some((pod) => pod.id === id));
      const faults = gone.filter(({ id }) => (endOf(id) ?? 'replaced') !== 'replaced').length;
      const { engine } = pool.node;
      const restarts = [...engine.restarts, ...Array.from({ length: faults }, () => turn.nowMs)];
      const mode = engine.mode === 'stopped' ? 'stopped' : modeOf(pool.node);
      change(pool, { engine: { ...engine, mode, restarts, children: [] }, pods: {}, spare: [] });
      for (const { id, pool: of } of pods) if (of === pool.node.name) change(pool, withPod(pool.node, id));
    }
  });
}
