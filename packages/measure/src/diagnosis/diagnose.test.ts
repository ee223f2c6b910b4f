import { describe, expect, it } from 'vitest';
import { readEvents } from '../read/jsonl.ts';
import { reportOn } from '../report.ts';
import type { RunReport } from '../summary/run-summary.ts';
import { DEFAULT_SETTINGS } from '../summary/summarize.ts';
import { bytesOf, exampleRun, type RunShape } from '../testing/runs.ts';
import { CAUSES, ranked } from './diagnose.ts';
import type { Cause, Finding } from './finding.ts';

async function reportOf(shape: RunShape): Promise<RunReport> {
  const book = await readEvents(bytesOf(exampleRun(shape)), 'run.jsonl', 100);
  return reportOn([book], DEFAULT_SETTINGS);
}

const failures = (count: number) =>
  Array.from({ length: count }, (_, id) => ({
    ...{ event: 'job_failed' as const, id, attempt: 1, error: `connect ECONNREFUSED 10.0.0.${id}` },
    at_us: id * 1_000,
  }));

/** A run that each cause is looked for in, and what its evidence must show. */
const PROVOKED: Readonly<Record<Cause, readonly [shape: RunShape, shows: RegExp]>> = {
  blocked_event_loop: [
    {
      metrics: { worker: { loop_delay_ms: 210, cpu_ms: 600 } },
      serviceMs: (id) => (id % 50 === 0 ? 220 : 9),
    },
    /100 % of the seconds .* longest 210 ms/,
  ],
  gc_pauses: [
    { metrics: { worker: { gc_ms: 250, loop_delay_ms: 90, cpu_ms: 700 } } },
    /25 % of its time in garbage collection/,
  ],
  store_saturated: [{ metrics: { store: { cpu_ratio: 0.97, latency_ms: 60 } } }, /busy for 97 %/],
  contended_aggregator: [
    { metricsAt: (second) => ({ collector: { lag_ms: 400 * second, cpu_ms: 980 } }) },
    /98 % of a core/,
  ],
  retry_storm: [{ more: failures(1_200) }, /1,200 times: connect ECONNREFUSED n.n.n.n/],
  payload_too_large: [
    { metrics: { producer: { accepted_bytes: 200 * 100_000 }, store: { cpu_ratio: 0.95 } } },
    /98 KiB in the mean/,
  ],
  logging_storm: [
    { metrics: { worker: { log_lines: 3_000, loop_delay_ms: 80, cpu_ms: 900 } } },
    /12,000 log lines a second, 60 for each job/,
  ],
  unbounded_producer: [
    {
      config: { rate: 0, queue_bound: 1_000_000 },
      everyMs: 0.1,
      waitMs: (id) => id * 5,
      metricsAt: (second) => ({ store: { used_bytes: second * 2e7 }, producer: { depth: 1_900 } }),
    },
    /none was refused/,
  ],
  too_few_workers: [
    { waitMs: (id) => id / 4, metrics: { worker: { busy: 2, slots: 2 } } },
    /all 8 slots were taken in 100 %/,
  ],
  too_many_workers: [
    {
      serviceMs: (id) => 90 + (id % 20),
      metrics: { host: { cpu_ratio: 1, own_cpu_ratio: 0.97 }, worker: { slots: 200, busy: 150 } },
    },
    /800 jobs may run at once on 2 cores/,
  ],
  slow_downstream: [
    { serviceMs: () => 300, metrics: { host: { cpu_ratio: 0.2, own_cpu_ratio: 0.15 } } },
    /it waited for somebody/,
  ],
  slow_disk: [{ metrics: { store: { fsync_ms: 80, latency_ms: 170 } } }, /fsync took 80 ms/],
  noisy_host: [
    { metrics: { host: { steal_ratio: 0.3, cpu_ratio: 0.9 } } },
    /the hypervisor gave 30 % of the CPU time to others/,
  ],
};

describe.each(Object.entries(PROVOKED))('%s', (cause, [shape, shows]) => {
  it('is named first in a run that shows it, with figures and an experiment', async () => {
    const { diagnosis } = await reportOf(shape);
    expect(diagnosis.map((finding) => finding.cause)[0]).toBe(cause);
    expect(diagnosis[0]?.evidence.join('\n')).toMatch(shows);
    expect(diagnosis[0]?.experiment.length).toBeGreaterThan(30);
  });
});

describe('a healthy run', () => {
  it.each([
    ['with all figures', {}],
    ['with a few errors and a full queue', { config: { rate: 0 }, waitMs: () => 120, more: failures(40) }],
    ['that nobody measured beside its jobs', { metrics: allUnknown() }],
    [
      'whose disk had one slow fsync in each second',
      { metrics: { store: { fsync_ms: 30, latency_ms: 2, commands: 4_000 } } },
    ],
    ['whose machine is busy with it', { metrics: { host: { cpu_ratio: 0.95, own_cpu_ratio: 0.9 } } }],
  ] as const)('%s has no diagnosis', async (_, shape) => {
    const { signature, diagnosis } = await reportOf(shape as RunShape);
    expect(diagnosis).toEqual([]);
    expect(signature.shape).toBe('healthy');
  });
});

function allUnknown(): RunShape['metrics'] {
  const worker = { loop_delay_ms: null, gc_ms: null, cpu_ms: null, busy: null, slots: null, log_lines: null };
  const store = { latency_ms: null, cpu_ratio: null, fsync_ms: null, used_bytes: null, memory_ratio: null };
  return { worker, store, host: { steal_ratio: null, cpu_ratio: null, own_cpu_ratio: null } };
}

describe('blocked_event_loop', () => {
  const delayed = { loop_delay_ms: 200, cpu_ms: 600 };

  it.each([
    ['the process used no CPU meanwhile', { worker: { ...delayed, cpu_ms: 40 } }],
    ['it was garbage collection', { worker: { ...delayed, gc_ms: 190 } }],
    ['a quiet process beside it was delayed too', { worker: delayed, supervisor: { loop_delay_ms: 180 } }],
  ])('is not the cause when %s', async (_, metrics) => {
    const { diagnosis } = await reportOf({ metrics });
    expect(diagnosis.map(({ cause }) => cause)).not.toContain('blocked_event_loop');
  });
});

describe('the signature', () => {
  it.each([
    ['tail', { serviceMs: (id: number) => (id % 50 === 0 ? 400 : 5) }],
    ['both', { serviceMs: () => 300 }],
    ['memory', { metricsAt: (second: number) => ({ store: { used_bytes: second * 3e7 } }) }],
    ['healthy', {}],
  ] as const)('is %s', async (shape, run) => {
    expect((await reportOf(run)).signature.shape).toBe(shape);
  });

  it('is recovery where an orphan waited for seconds', async () => {
    const died = { worker: 'w1', drawn: 1, slot: 1, cause: 'SIGKILL' };
    const lines = exampleRun();
    lines.splice(
      1,
      0,
      { event: 'worker_crash', ...died, at_us: 1_000_000 },
      { event: 'job_killed', id: 900, worker: 'w1', started_us: 990_000, at_us: 1_020_000 },
    );
    const book = await readEvents(bytesOf(lines), 'run.jsonl', 100);
    const { signature, sources } = reportOn([book], DEFAULT_SETTINGS);
    expect(signature.shape).toBe('recovery');
    expect(sources[0].recoveries[0]).toMatchObject({ orphans: 1, reclaimMs: 20, lastOrphanMs: 3_502 });
  });
});

describe('ranked', () => {
  const finding = (cause: Cause, weight: number): Finding => ({
    ...{ cause, weight, evidence: [], kind: 'accidental', experiment: '' },
  });

  it('names a cause before what it brings about, whatever their weights', () => {
    const order = ranked([
      finding('store_saturated', 1),
      finding('payload_too_large', 0.6),
      finding('gc_pauses', 0.9),
    ]);
    expect(order.map(({ cause }) => cause)).toEqual(['payload_too_large', 'store_saturated', 'gc_pauses']);
  });

  it('keeps every finding once, also where causes bring about each other', () => {
    const all = Object.keys(CAUSES).map((cause, i) => finding(cause as Cause, i / 13));
    expect(new Set(ranked(all))).toEqual(new Set(all));
    expect(ranked(all)).toHaveLength(13);
  });
});
