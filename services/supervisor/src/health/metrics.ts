import type { DeathCertificate, PoolStatus } from '@millrace/core';

const CAUSES: readonly DeathCertificate['cause'][] = [
  ...(['crash', 'oom', 'killed', 'ordered', 'hung', 'pod-lost', 'shutdown'] as const),
];
const POOL_STATES: readonly PoolStatus['state'][] = [
  ...(['running', 'starting', 'open', 'half-open', 'waiting', 'stopped'] as const),
];

/** Counters of this process, as Prometheus text. */
export interface Metrics {
  death(cause: DeathCertificate['cause']): void;
  reclaimed(jobs: number): void;
  suspicion(): void;
  podRestart(): void;
  /** `gauges` and `pools` are as they stand at the time of the scrape. */
  text(gauges: Readonly<Record<string, number>>, pools: readonly PoolStatus[]): string;
}

function family(name: string, type: string, help: string, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n');
}

function poolFamilies(pools: readonly PoolStatus[]): string[] {
  const name = 'millrace_pool_state';
  const states = pools.flatMap((pool) =>
    POOL_STATES.map(
      (state) => `${name}{pool="${pool.name}",state="${state}"} ${pool.state === state ? 1 : 0}`,
    ),
  );
  const pods = pools.map((pool) => `millrace_pool_pods{pool="${pool.name}"} ${pool.pods}`);
  const used = pools.map((pool) => `millrace_pool_restarts_used{pool="${pool.name}"} ${pool.restarts.used}`);
  return [
    family(name, 'gauge', 'What each pool does, 1 for its state.', states),
    family('millrace_pool_pods', 'gauge', 'Pods of each pool that run.', pods),
    family('millrace_pool_restarts_used', 'gauge', 'Restarts within the period, by pool.', used),
  ];
}

/** Everything at zero: a counter that is there from the start has a rate from its first event on. */
export function createMetrics(): Metrics {
  const deaths = new Map(CAUSES.map((cause) => [cause, 0]));
  const counters = { reclaimed: 0, suspicions: 0, podRestarts: 0 };
  const counter = (name: string, help: string, value: number) =>
    family(name, 'counter', help, [`${name} ${value}`]);

  return {
    death: (cause) => void deaths.set(cause, (deaths.get(cause) ?? 0) + 1),
    reclaimed(jobs) {
      counters.reclaimed += jobs;
    },
    suspicion() {
      counters.suspicions += 1;
    },
    podRestart() {
      counters.podRestarts += 1;
    },
    text(gauges, pools) {
      const byCause = [...deaths].map(
        ([cause, count]) => `millrace_worker_deaths_total{cause="${cause}"} ${count}`,
      );
      return `${[
        family('millrace_worker_deaths_total', 'counter', 'Death certificates, by cause.', byCause),
        counter(
          'millrace_jobs_reclaimed_total',
          'Jobs of dead workers given back, as this supervisor saw it.',
          counters.reclaimed,
        ),
        counter('millrace_worker_suspicions_total', 'Times a worker was fed no more.', counters.suspicions),
        counter(
          'millrace_pod_restarts_total',
          'Pods started again after an unplanned end.',
          counters.podRestarts,
        ),
        ...Object.entries(gauges).map(([name, value]) =>
          family(name, 'gauge', `${name.replace('millrace_', '').replaceAll('_', ' ')} now.`, [
            `${name} ${value}`,
          ]),
        ),
        ...poolFamilies(pools),
      ].join('\n')}\n`;
    },
  };
}
