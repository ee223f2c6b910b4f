import { type Clock, type Lifecycle, type Log, lifecycle, messageOf } from '@millrace/core';
import type { TelemetrySettings } from '../settings/settings.ts';
import type { MetricFamily } from './family.ts';

/** What is told last may take this long: whoever stops must not wait for a collector that does not answer. */
const LAST_PUSH_MS = 2_000;

export interface MetricsPushStats {
  /** Exports that the receiver took, and that it did not. */
  readonly sent: number;
  readonly failed: number;
}

/**
 * Pushes metrics over OTLP, one export at a time. A receiver that refuses, is slow or away costs figures of that time,
 * and nothing else; the next export tells the totals again. `stop` tells the last ones, within 2 s.
 */
export interface MetricsPush extends Lifecycle {
  stats(): MetricsPushStats;
}

export interface MetricsPushDependencies {
  /** Asked once an export. */
  readonly collect: () => readonly MetricFamily[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Where metrics are pushed nowhere, `start` and `stop` do nothing, and nothing of the SDK is loaded. */
export function createMetricsPush(
  { metrics, resource }: Pick<TelemetrySettings, 'metrics' | 'resource'>,
  { collect, clock, log }: MetricsPushDependencies,
): MetricsPush {
  const stats = { sent: 0, failed: 0 };
  let end = async () => {};

  function told(error: unknown): void {
    stats[error === undefined ? 'sent' : 'failed'] += 1;
    if (error !== undefined) log.debug({ error: messageOf(error) }, 'Metrics were not pushed');
  }

  async function open(): Promise<void> {
    if (metrics === null) return;
    const { openPush } = await import('./sdk-push.ts');
    end = await openPush({ target: metrics, resource, collect, told, nowMs: () => clock.nowMs() });
  }

  return {
    ...lifecycle(open, async () => {
      const patience = new AbortController();
      const lastPush = end().catch((error) => log.debug({ error: messageOf(error) }, 'Last push of metrics'));
      await Promise.race([lastPush, clock.sleep(LAST_PUSH_MS, patience.signal).catch(() => undefined)]);
      patience.abort();
    }),
    stats: () => ({ ...stats }),
  };
}
