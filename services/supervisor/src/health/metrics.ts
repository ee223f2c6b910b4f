import type { DeathCertificate } from '@millrace/core';

const CAUSES: readonly DeathCertificate['cause'][] = ['crash', 'killed', 'hung', 'pod-lost', 'shutdown'];

/** Counters of this process, as Prometheus text. */
export interface Metrics {
  death(cause: DeathCertificate['cause']): void;
  reclaimed(jobs: number): void;
  suspicion(): void;
  podRestart(): void;
  /** `gauges` are read at the time of the scrape. */
  text(gauges: Readonly<Record<string, number>>): string;
}

/** Everything at zero: a counter that is there from the start has a rate from its first event on. */
export function createMetrics(): Metrics {
  const deaths = new Map(CAUSES.map((cause) => [cause, 0]));
  const counters = { reclaimed: 0, suspicions: 0, podRestarts: 0 };
  const metric = (name: string, type: string, help: string, lines: readonly string[]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n');
  const counter = (name: string, help: string, value: number) =>
    metric(name, 'counter', help, [`${name} ${value}`]);

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
    text(gauges) {
      const byCause = [...deaths].map(
        ([cause, count]) => `millrace_worker_deaths_total{cause="${cause}"} ${count}`,
      );
      return `${[
        metric('millrace_worker_deaths_total', 'counter', 'Death certificates, by cause.', byCause),
        counter('millrace_jobs_reclaimed_total', 'Jobs of dead workers given back.', counters.reclaimed),
        counter('millrace_worker_suspicions_total', 'Times a worker was fed no more.', counters.suspicions),
        counter('millrace_pod_restarts_total', 'Pods replaced after an unplanned end.', counters.podRestarts),
        ...Object.entries(gauges).map(([name, value]) =>
          metric(name, 'gauge', `${name.replace('millrace_', '').replaceAll('_', ' ')} now.`, [
            `${name} ${value}`,
          ]),
        ),
      ].join('\n')}\n`;
    },
  };
}
