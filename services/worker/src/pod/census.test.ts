import { ManualClock, silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import type { ProcessActivity } from '../ipc.ts';
import { noBody } from '../telemetry/body-durations.ts';
import { createJobDurations } from '../telemetry/job-durations.ts';
import { noCounts } from '../telemetry/queue-counts.ts';
import { createCensus } from './census.ts';
import { createPodMetrics } from './metrics.ts';

/** `jobs` of a millisecond each. */
function durationsOf(jobs: number) {
  const durations = createJobDurations();
  const at = { enqueuedUs: 0, dueUs: 0, startedUs: 1_000, endedUs: 2_000, outcome: 'completed' };
  for (let job = 0; job < jobs; job += 1) durations.record(at as never);
  return durations.counts();
}

const activity = (ok: number, over: Partial<ProcessActivity> = {}): ProcessActivity => ({
  queues: [
    {
      queue: 'q',
      busy: 1,
      slots: 4,
      cycles: ok,
      connected: true,
      ended: { ok, fail: 1, cancel: 0, snooze: 0, returned: 0, killed: 0 },
      durations: durationsOf(ok),
      counts: { ...noCounts(), completed: ok, retried: 1, stalled: 2 },
    },
  ],
  loopDelayMs: 12,
  rssBytes: 1_000,
  heapBytes: 500,
  cpuMs: 1_500,
  body: noBody(),
  ...over,
});

test('counters never fall when a process dies', () => {
  const census = createCensus();
  census.activated('a', 0, 0);
  census.activated('b', 1, 0);
  census.heard('a', activity(3), 1);
  census.heard('b', activity(4), 1);
  expect(census.totals().queues.get('q')?.ended).toMatchObject({ ok: 7, fail: 2 });
  census.left('a');
  census.heard('b', activity(6), 2);
  expect(census.totals().queues.get('q')?.ended).toMatchObject({ ok: 9, fail: 2 });
  expect(census.totals().queues.get('q')?.ended).toMatchObject({ ok: 9, fail: 2 });
  expect(census.totals().queues.get('q')?.durations).toEqual(durationsOf(9));
  expect(census.totals().queues.get('q')?.durations).toEqual(durationsOf(9));
});

test('standbys owe no consumption and have no slot', () => {
  const census = createCensus();
  census.heard('s', activity(0), 0);
  expect(census.active()).toEqual([]);
  expect(census.notConsuming(1e9)).toEqual([]);
  census.activated('s', 3, 1e9);
  expect(census.notConsuming(1e9 + 1)).toEqual([]);
  expect(census.notConsuming(2e9)).toEqual(['s']);
});

test('metrics are in seconds and bytes, one sample a line, labels escaped', () => {
  const census = createCensus();
  census.activated('a', 0, 0);
  census.heard('a', activity(3), 1);
  const told = createPodMetrics({
    ...{ census, spans: null, telemetry: undefined, clock: new ManualClock(), log: silentLog },
    outputBytes: () => 7,
    counts: () => ({ restarts: 2, processes: 1, standbys: 1 }),
  });
  const text = told.text();
  expect(text).toContain('millrace_worker_jobs_total{queue="q",outcome="ok"} 3\n');
  expect(text).toContain('millrace_worker_event_loop_delay_seconds{slot="0"} 0.012\n');
  expect(text).toContain('# TYPE millrace_pod_restarts_total counter\nmillrace_pod_restarts_total 2\n');
  expect(
    text.split('\n').filter((line) => line !== '' && !/^(# (HELP|TYPE) )?[a-z_]+({.*})? ?/.test(line)),
  ).toEqual([]);
});
