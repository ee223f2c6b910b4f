import type { PoolStatus } from '@millrace/core';
import type { ClusterCondition } from '../cluster/pod-controllers.ts';

export interface ConditionSources {
  /** Why the store cannot be worked with, as sentences; empty means that it can. */
  readonly storeFaults: readonly string[];
  readonly pools: readonly PoolStatus[];
}

function condition(
  type: string,
  faults: readonly string[],
  good: { readonly reason: string; readonly message: string },
  bad: string,
): ClusterCondition {
  if (faults.length === 0) return { type, status: 'True', ...good };
  return { type, status: 'False', reason: bad, message: faults.join(' ') };
}

/**
 * How the whole stands. `StoreReady`: the store answers and loses no jobs. `PoolsWhole`: no pool has given up or waits for
 * one that has. `PodsReady`: every pool has as many pods linked as it is to have. `Ready`: jobs are taken and run, which a
 * pool that is only short of pods does as well.
 */
export function conditionsOf({ storeFaults, pools }: ConditionSources): readonly ClusterCondition[] {
  const broken = pools.flatMap(({ name, circuit }) =>
    circuit === null ? [] : [`Pool "${name}": ${circuit.reason}`],
  );
  const short = pools
    .filter(({ pods, desired }) => pods < desired)
    .map(({ name, pods, desired }) => `Pool "${name}" has ${pods} of ${desired} pods.`);
  return [
    condition(
      'Ready',
      [...storeFaults, ...broken],
      { reason: 'Working', message: 'Jobs are taken and run.' },
      storeFaults.length > 0 ? 'StoreAway' : 'PoolGaveUp',
    ),
    condition(
      'StoreReady',
      storeFaults,
      { reason: 'StoreFit', message: 'The store answers and keeps what it is given.' },
      'StoreAway',
    ),
    condition(
      'PoolsWhole',
      broken,
      { reason: 'NoCircuitOpen', message: 'No pool has given up.' },
      'PoolGaveUp',
    ),
    condition(
      'PodsReady',
      short,
      { reason: 'AllLinked', message: 'Every pool has its pods.' },
      'PodsMissing',
    ),
  ];
}

/** One line a pool, for people. */
export function statusText(pools: readonly PoolStatus[]): string {
  return pools
    .map(({ name, state, pods, desired }) => `${name}: ${state}, ${pods} of ${desired} pods`)
    .join('\n');
}
