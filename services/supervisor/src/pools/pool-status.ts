import type { PoolStatus } from '@millrace/core';
import { restartsUsed } from '@millrace/supervision';
import { circuitOf, queuesOf } from './circuits.ts';
import { blockerOf } from './order.ts';
import { isWanted, type PoolNode, type Tree, type TreeSettings } from './tree.ts';

/** Every pool as people see it, in order. `names` are all queues that are known. */
export function poolStatuses(
  tree: Tree,
  settings: TreeSettings,
  names: readonly string[],
  nowMs: number,
): PoolStatus[] {
  return tree.pools.map((pool, at) => {
    const { strategy, intensity, periodMs, children } = pool.engine.spec;
    return {
      name: pool.name,
      state: stateOf(pool, blockerOf(tree.pools, at, settings.strategy) !== null),
      strategy,
      restart: children[0]?.restart ?? 'permanent',
      desired: children.length,
      pods: pool.engine.children.filter(({ status }) => status === 'running').length,
      queues: queuesOf(settings, pool.name, names),
      restarts: { used: restartsUsed(pool.engine, nowMs), intensity, periodMs },
      circuit: circuitOf(tree, at, settings),
    };
  });
}

function stateOf(pool: PoolNode, isBlocked: boolean): PoolStatus['state'] {
  const { engine, trouble } = pool;
  if (!isWanted(pool)) return 'stopped';
  if (trouble !== null) return engine.mode === 'trial' ? 'half-open' : 'open';
  if (isBlocked || engine.mode === 'stopping' || engine.mode === 'stopped') return 'waiting';
  if (engine.mode !== 'running') return 'starting';
  // Transient and temporary pods may all be done with their work.
  return engine.children.every(({ status }) => status === 'down') ? 'stopped' : 'running';
}
