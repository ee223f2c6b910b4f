import type { PoolScaling } from '@millrace/core';
import type { PoolSize } from '../cluster/pod-controllers.ts';

function gauge(name: string, help: string, values: readonly (readonly [string, number])[]): string {
  const lines = values.map(([pool, value]) => `${name}{pool="${pool}"} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines].join('\n');
}

/** What is desired of the pools and what there is, as Prometheus text; of the desired only the leader tells. */
export function scalingText(
  scalings: readonly PoolScaling[],
  sizes: ReadonlyMap<string, PoolSize>,
): readonly string[] {
  const all = [...sizes];
  return [
    gauge(
      'millrace_pool_desired_replicas',
      'Pods that the pool should have for what waits and runs.',
      scalings.map(({ pool, desired }) => [pool, desired] as const),
    ),
    gauge(
      'millrace_pool_wanted_replicas',
      'Pods that the pool’s controller was told to keep.',
      all.map(([pool, { wanted }]) => [pool, wanted] as const),
    ),
    gauge(
      'millrace_pool_present_replicas',
      'Pods that the pool has, running or not.',
      all.map(([pool, { present }]) => [pool, present] as const),
    ),
  ];
}
