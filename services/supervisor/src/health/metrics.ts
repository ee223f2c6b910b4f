import type { DeathCertificate, PoolStatus, Recovery } from '@millrace/core';
import { createCounter, createDurations, type MetricFamily, numberFamily } from '@millrace/telemetry';

const CAUSES: readonly DeathCertificate['cause'][] = [
  ...(['crash', 'oom', 'killed', 'ordered', 'hung', 'pod-lost', 'shutdown'] as const),
];
const POOL_STATES: readonly PoolStatus['state'][] = [
  ...(['running', 'starting', 'open', 'half-open', 'waiting', 'stopped'] as const),
];

/** What this supervisor counts. */
export interface Metrics {
  death(cause: DeathCertificate['cause']): void;
  reclaimed(jobs: number): void;
  suspicion(): void;
  podRestart(): void;
  /** A recovery came to its end: its phases, each from the death on. */
  recovered(recovery: Recovery): void;
  /** A new start answers a death whose recovery was over before. */
  respawned(recovery: Pick<Recovery, 'respawnMs'>): void;
  /** `gauges` and `pools` are as they stand at the time of the look. */
  families(gauges: Readonly<Record<string, number>>, pools: readonly PoolStatus[]): MetricFamily[];
}

function poolFamilies(pools: readonly PoolStatus[]): MetricFamily[] {
  const states = pools.flatMap((pool) =>
    POOL_STATES.map((state) => ({
      labels: { pool: pool.name, state },
      value: pool.state === state ? 1 : 0,
    })),
  );
  const byPool = (value: (pool: PoolStatus) => number) =>
    pools.map((pool) => ({ labels: { pool: pool.name }, value: value(pool) }));
  return [
    numberFamily('gauge', 'millrace_pool_state', 'What each pool does, 1 for its state.', states),
    numberFamily(
      'gauge',
      'millrace_pool_pods',
      'Pods of each pool that run.',
      byPool(({ pods }) => pods),
    ),
    numberFamily(
      'gauge',
      'millrace_pool_restarts_used',
      'Restarts within the period, by pool.',
      byPool(({ restarts }) => restarts.used),
    ),
  ];
}

/** The phases of a recovery by the names of its trace's spans, and when each was over, from the death on. */
const PHASES = {
  detect: ({ detectMs }) => detectMs,
  fence: ({ fenceMs }) => fenceMs,
  reclaim: ({ reclaimMs }) => reclaimMs,
  respawn: ({ respawnMs }) => respawnMs,
  restart_first: ({ firstOrphanMs }) => firstOrphanMs,
  restart_last: ({ lastOrphanMs }) => lastOrphanMs,
} satisfies Record<string, (recovery: Recovery) => number | null>;

/** Everything at zero: a counter that is there from the start has a rate from its first event on. */
export function createMetrics(): Metrics {
  const deaths = createCounter(
    'millrace_worker_deaths_total',
    'Death certificates, by cause.',
    CAUSES.map((cause) => ({ cause })),
  );
  const plain = (name: string, help: string) => createCounter(name, help, [{}]);
  const reclaimed = plain(
    'millrace_jobs_reclaimed_total',
    'Jobs of dead workers given back, as this supervisor saw it.',
  );
  const suspicions = plain('millrace_worker_suspicions_total', 'Times a worker was fed no more.');
  const podRestarts = plain('millrace_pod_restarts_total', 'Pods started again after an unplanned end.');
  const recoveries = createDurations(
    'millrace_recovery_seconds',
    'From a death to the end of each phase of its recovery.',
    Object.keys(PHASES).map((phase) => ({ phase })),
  );
  const counters = [deaths, reclaimed, suspicions, podRestarts, recoveries];

  return {
    death: (cause) => deaths.add({ cause }),
    reclaimed: (jobs) => reclaimed.add({}, jobs),
    suspicion: () => suspicions.add({}),
    podRestart: () => podRestarts.add({}),
    recovered(recovery) {
      for (const [phase, endOf] of Object.entries(PHASES)) {
        const ms = endOf(recovery);
        if (ms !== null) recoveries.record({ phase }, ms / 1_000);
      }
    },
    respawned({ respawnMs }) {
      if (respawnMs !== null) recoveries.record({ phase: 'respawn' }, respawnMs / 1_000);
    },
    families: (gauges, pools) => [
      ...counters.map((counter) => counter.family()),
      ...Object.entries(gauges).map(([name, value]) =>
        numberFamily('gauge', name, `${name.replace('millrace_', '').replaceAll('_', ' ')} now.`, value),
      ),
      ...poolFamilies(pools),
    ],
  };
}
