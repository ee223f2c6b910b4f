import type { PoolScaling } from '@millrace/core';
import { type MetricFamily, numberFamily } from '@millrace/telemetry';
import type { PoolSize } from '../cluster/pod-controllers.ts';

function ofPools(
  name: string,
  help: string,
  values: readonly (readonly [pool: string, value: number])[],
): MetricFamily {
  const samples = values.map(([pool, value]) => ({ labels: { pool }, value }));
  return numberFamily('gauge', name, help, samples);
}

/** What is desired of the pools and what there is; of the desired only the leader tells. */
export function scalingFamilies(
  scalings: readonly PoolScaling[],
  sizes: ReadonlyMap<string, PoolSize>,
): MetricFamily[] {
  const all = [...sizes];
  const desired = scalings.map(({ pool, desired }) => [pool, desired] as const);
  const help = 'Pods that the pool should have for what waits and runs.';
  return [
    ofPools('millrace_pool_desired_replicas', help, desired),
    ofPools('jobqueue_desired_replicas', help, desired),
    ofPools(
      'millrace_pool_wanted_replicas',
      'Pods that the pool’s controller was told to keep.',
      all.map(([pool, { wanted }]) => [pool, wanted] as const),
    ),
    ofPools(
      'millrace_pool_present_replicas',
      'Pods that the pool has, running or not.',
      all.map(([pool, { present }]) => [pool, present] as const),
    ),
  ];
}
