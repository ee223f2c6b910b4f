import { type ApiMeter, OUTAGE_MS } from './api-meter.ts';
import type { ClusterLease } from './cluster-lease.ts';
import type { WorkQueue } from './work-queue.ts';

function family(type: 'gauge' | 'counter', name: string, help: string, lines: Record<string, number>) {
  const full = `millrace_kubernetes_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...Object.entries(lines).map(([labels, value]) => `${full}${labels} ${value}`),
  ].join('\n');
}

/** What a supervisor tells of its work on the cluster, as Prometheus text without a last newline. */
export function adapterText(
  meter: Pick<ApiMeter, 'text' | 'staleMs'>,
  {
    lease,
    queue: { depth, record },
  }: {
    readonly lease: Pick<ClusterLease, 'holds' | 'transitions'>;
    readonly queue: Pick<WorkQueue, 'depth' | 'record'>;
  },
  nowMs: number,
): string {
  const isAway = meter.staleMs(nowMs) > OUTAGE_MS;
  const runs = { '{outcome="ok"}': record.ok, '{outcome="error"}': record.failed };
  const seconds = { '': record.tookMs / 1_000 };
  return [
    meter.text(nowMs),
    family('gauge', 'lease_held', '1 while this supervisor acts on the cluster.', {
      '': lease.holds() ? 1 : 0,
    }),
    family('counter', 'lease_transitions_total', 'Times that it began to act on the cluster, or ceased to.', {
      '': lease.transitions,
    }),
    family('gauge', 'work_queue_depth', 'Writes to the cluster that wait.', { '': depth }),
    family('counter', 'reconciles_total', 'Runs of that queue, by outcome; an error is tried again.', runs),
    family('counter', 'reconcile_seconds_total', 'Time that those runs took.', seconds),
    family('counter', 'reconcile_retries_total', 'Of those runs, how many followed an error.', {
      '': record.retries,
    }),
    family('gauge', 'away', '1 while the API server does not answer.', { '': isAway ? 1 : 0 }),
  ].join('\n');
}
