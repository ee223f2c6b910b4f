import { type MetricFamily, type NumberSample, numberFamily } from '@millrace/telemetry';
import { type ApiMeter, OUTAGE_MS } from './api-meter.ts';
import type { ClusterLease } from './cluster-lease.ts';
import type { WorkQueue } from './work-queue.ts';

const family = (
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  values: number | readonly NumberSample[],
) => numberFamily(type, `millrace_kubernetes_${name}`, help, values);

/** What a supervisor tells of its work on the cluster. */
export function adapterFamilies(
  meter: Pick<ApiMeter, 'families' | 'staleMs'>,
  {
    lease,
    queue: { depth, record },
  }: {
    readonly lease: Pick<ClusterLease, 'holds' | 'transitions'>;
    readonly queue: Pick<WorkQueue, 'depth' | 'record'>;
  },
  nowMs: number,
): MetricFamily[] {
  const isAway = meter.staleMs(nowMs) > OUTAGE_MS;
  const runs = [
    { labels: { outcome: 'ok' }, value: record.ok },
    { labels: { outcome: 'error' }, value: record.failed },
  ];
  return [
    ...meter.families(nowMs),
    family('gauge', 'lease_held', '1 while this supervisor acts on the cluster.', lease.holds() ? 1 : 0),
    family(
      'counter',
      'lease_transitions_total',
      'Times that it began to act on the cluster, or ceased to.',
      lease.transitions,
    ),
    family('gauge', 'work_queue_depth', 'Writes to the cluster that wait.', depth),
    family('counter', 'reconciles_total', 'Runs of that queue, by outcome; an error is tried again.', runs),
    family('counter', 'reconcile_seconds_total', 'Time that those runs took.', record.tookMs / 1_000),
    family(
      'counter',
      'reconcile_retries_total',
      'Of those runs, how many followed an error.',
      record.retries,
    ),
    family('gauge', 'away', '1 while the API server does not answer.', isAway ? 1 : 0),
  ];
}
