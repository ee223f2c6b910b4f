import type { Strategy } from '@millrace/core';
import { isWanted, type PoolNode } from './tree.ts';

/**
 * The pool whose trouble keeps `at` from running under the strategy over the pools; null when none does. Of several
 * troubled pools the first is tried first. A pool with its own trouble waits only for troubled ones before it:
 * otherwise two would wait for each other.
 */
export function blockerOf(pools: readonly PoolNode[], at: number, strategy: Strategy): PoolNode | null {
  if (strategy === 'one_for_one') return null;
  const earlier = pools.slice(0, at).find(({ trouble }) => trouble !== null);
  if (earlier || pools[at]?.trouble || strategy === 'rest_for_one') return earlier ?? null;
  return pools.slice(at + 1).find(({ trouble }) => trouble !== null) ?? null;
}

/** Whether `at` may start: under a strategy that ties the pools, each starts when all before it run. */
export function isItsTurn(pools: readonly PoolNode[], at: number, strategy: Strategy): boolean {
  if (blockerOf(pools, at, strategy)) return false;
  if (strategy === 'one_for_one' || pools[at]?.trouble) return true;
  return pools.slice(0, at).every((pool) => !isWanted(pool) || pool.engine.mode === 'running');
}

/** Whether nobody takes jobs for it: it gave up and no trial is on, or it stands behind one that did. */
export function isDown(pools: readonly PoolNode[], at: number, strategy: Strategy): boolean {
  const pool = pools[at];
  if (!pool || !isWanted(pool)) return false;
  return (pool.trouble !== null && pool.engine.mode !== 'trial') || blockerOf(pools, at, strategy) !== null;
}
