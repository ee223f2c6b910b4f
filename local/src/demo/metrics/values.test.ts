import { describe, expect, it } from 'vitest';
import { parseExposition } from './exposition.ts';
import {
  hostValues,
  parseInfo,
  parseProcStat,
  producerValues,
  storeValues,
  supervisorValues,
  workerValues,
} from './values.ts';

const looks = (before: string, after: string) => [parseExposition(before), parseExposition(after)] as const;

describe('values of a second', () => {
  it('of a producer: what came in it, levels at its end', () => {
    const before = `process_cpu_seconds_total 1.5
millrace_jobs_admitted_total{queue="w"} 10
millrace_event_loop_delay_seconds_sum 0.5
millrace_event_loop_delay_seconds_count 9
`;
    const after = `process_cpu_seconds_total 1.75
process_resident_memory_bytes 5000
millrace_jobs_admitted_total{queue="w"} 74
millrace_jobs_admitted_total{queue="other"} 1000
millrace_adds_refused_total{queue="w",code="queue_full"} 3
millrace_adds_refused_total{queue="w",code="circuit_open"} 8
millrace_event_loop_delay_seconds_sum 0.53125
millrace_event_loop_delay_seconds_count 10
millrace_gc_pause_seconds_sum{kind="minor"} 0.0625
`;
    expect(producerValues(looks(before, after), { name: 'w', depth: 12, bound: 256 })).toEqual({
      loop_delay_ms: 31.25,
      gc_ms: 62.5,
      cpu_ms: 250,
      rss: 5_000,
      accepted: 64,
      refused: 3,
      depth: 12,
      bound: 256,
    });
  });

  it('leave out what nobody told', () => {
    expect(supervisorValues(looks('', ''))).toEqual({});
    expect(producerValues(looks('', ''), { name: 'w', depth: null, bound: 9 })).toEqual({ bound: 9 });
  });

  it('of a worker: its own slot, and its part of what the pod tells of all', () => {
    const after = `millrace_worker_event_loop_delay_seconds{slot="0"} 0.001
millrace_worker_event_loop_delay_seconds{slot="1"} 0.25
millrace_worker_cpu_seconds_total{slot="1"} 3.5
millrace_worker_gc_pause_seconds_sum{kind="minor"} 0.5
millrace_worker_gc_pause_seconds_sum{kind="major"} 0.25
millrace_worker_busy_slots{queue="w"} 12
millrace_worker_slots{queue="w"} 48
millrace_worker_slots{queue="other"} 48
millrace_worker_output_bytes_total 300
`;
    const told = looks('millrace_worker_cpu_seconds_total{slot="1"} 3\n', after);
    const queue = { name: 'w', concurrency: 36 };
    expect(workerValues(told, { slot: 1, queue, processes: 3 })).toEqual({
      loop_delay_ms: 250,
      gc_ms: 250,
      cpu_ms: 500,
      busy: 4,
      slots: 12,
      log_bytes: 100,
    });
    expect(workerValues(told, { slot: 1, queue: { name: 'w' }, processes: 3 }).slots).toBe(16);
  });

  it('of the store, from INFO and its own watch over fsyncs', () => {
    const info = (cpu: number, commands: number) =>
      parseInfo(
        [
          '# CPU',
          `used_cpu_user_main_thread:${cpu}`,
          `used_cpu_sys_main_thread:${cpu}`,
          'used_memory:500',
          'maxmemory:1000',
          'redis_version:7.0.15',
          `total_commands_processed:${commands}`,
        ].join('\r\n'),
      );
    const before = { latencyMs: 1, info: info(1, 10), fsyncs: null, atMs: 100_000 };
    const fsyncs = [
      [90, 700],
      [100, 12],
      [101, 3],
    ] as const;
    const after = { latencyMs: 4, info: info(1.25, 510), fsyncs, atMs: 102_000 };
    const told = { latency_ms: 4, cpu_ratio: 0.25, used_bytes: 500, memory_ratio: 0.5, commands: 500 };
    expect(storeValues([before, after])).toEqual({ ...told, fsync_ms: 12 });
    expect(storeValues([before, { ...after, fsyncs: [] }])).toEqual({ ...told, fsync_ms: 0 });
    expect(storeValues([before, { ...after, fsyncs: null }])).toEqual(told);
  });

  it('of the machine', () => {
    const before = parseProcStat('cpu  100 0 100 700 50 0 0 50 0 0\ncpu0 1 2\n', 1);
    const after = parseProcStat('cpu  160 0 110 790 50 0 0 90 0 0\ncpu0 1 2\n', 2.5);
    if (before === null || after === null) throw new Error('not read');
    expect(hostValues([before, after], 500, 2_000)).toEqual({
      steal_ratio: 0.2,
      cpu_ratio: 0.35,
      own_cpu_ratio: 0.25,
      load: 2.5,
    });
    expect(parseProcStat('intr 5\n', 1)).toBeNull();
  });
});
