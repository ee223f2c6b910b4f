import { prometheusText } from '@millrace/telemetry';
import { expect, test } from 'vitest';
import { certificateOf } from '../../../../tests/support/queue.ts';
import { beginRecovery } from '../recovery/record.ts';
import { createMetrics } from './metrics.ts';

const certificate = certificateOf('pod.a', { cause: 'oom', diedAtMs: 5_000 });

function told(metrics: ReturnType<typeof createMetrics>, pattern: RegExp): string[] {
  return prometheusText(metrics.families({}, []))
    .split('\n')
    .filter((line) => pattern.test(line) && !line.startsWith('#'));
}

test('every cause and phase is there at zero, so that the first of each has a rate', () => {
  const metrics = createMetrics();
  expect(told(metrics, /deaths_total/)).toHaveLength(7);
  expect(told(metrics, /deaths_total/).every((line) => line.endsWith(' 0'))).toBe(true);
  expect(told(metrics, /recovery_seconds_count/)).toHaveLength(6);
});

test('a recovery counts in each phase that it had; a respawn that comes late counts once', () => {
  const metrics = createMetrics();
  const recovery = { ...beginRecovery(certificate), detectMs: 20, fenceMs: 30, reclaimMs: 40 };
  metrics.recovered({ ...recovery, firstOrphanMs: 60, lastOrphanMs: 2_000, state: 'done' });
  metrics.respawned({ respawnMs: 300 });
  metrics.respawned({ respawnMs: null });
  expect(told(metrics, /recovery_seconds_sum/)).toEqual([
    'millrace_recovery_seconds_sum{phase="detect"} 0.02',
    'millrace_recovery_seconds_sum{phase="fence"} 0.03',
    'millrace_recovery_seconds_sum{phase="reclaim"} 0.04',
    'millrace_recovery_seconds_sum{phase="respawn"} 0.3',
    'millrace_recovery_seconds_sum{phase="restart_first"} 0.06',
    'millrace_recovery_seconds_sum{phase="restart_last"} 2',
  ]);
});
