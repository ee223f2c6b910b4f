import { systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { DURATION_EDGES } from './edges.ts';
import { createEventLoopMeter } from './event-loop.ts';
import type { DurationCounts } from './histogram.ts';
import { parseHostCpu, readHostCpu } from './host-cpu.ts';
import { createProcessMeter } from './process-meter.ts';

const count = ({ counts }: DurationCounts) => counts.reduce((sum, each) => sum + each, 0);
/** Durations of more than 250 ms. */
const long = ({ counts }: DurationCounts) =>
  counts.slice(DURATION_EDGES.indexOf(0.25) + 1).reduce((sum, each) => sum + each, 0);

test('a block of the event loop is in the histogram', async () => {
  const meter = createEventLoopMeter(systemClock);
  meter.start();
  await until(async () => count(meter.delays()) > 0, 'a second went by');
  const end = systemClock.monotonicMs() + 400;
  while (systemClock.monotonicMs() < end);
  await until(async () => long(meter.delays()) > 0, 'the block was seen');
  meter.stop();
  expect(meter.busy().activeSeconds).toBeGreaterThan(0.3);
});

test('collections are heard of, and the machine tells of its CPUs', async () => {
  const meter = createProcessMeter(systemClock);
  await meter.start();
  const kept: unknown[] = [];
  const pauses = () => {
    for (let i = 0; i < 50_000; i++) kept.push({ i });
    kept.length = 0;
    const family = meter.families().find(({ name }) => name === 'millrace_gc_pause_seconds');
    if (family?.type !== 'histogram') throw new Error('no histogram');
    return family.samples.reduce((sum, { durations }) => sum + count(durations), 0);
  };
  await until(async () => pauses() > 0, 'a collection was heard of');
  await meter.stop();
  const cpu = meter.families().find(({ name }) => name === 'process_cpu_seconds_total');
  expect(cpu?.samples[0]).toMatchObject({ value: expect.closeTo(process.cpuUsage().user / 1e6, -1) });
});

test('/proc/stat: steal is the eighth figure, guest time is not counted twice', () => {
  expect(parseHostCpu('cpu  100 0 50 800 20 5 5 20 40 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n')).toEqual({
    totalSeconds: 10,
    stealSeconds: 0.2,
  });
  expect([parseHostCpu('cpux 1\n'), readHostCpu('/nowhere')]).toEqual([null, null]);
  if (process.platform === 'linux') expect(readHostCpu()?.totalSeconds).toBeGreaterThan(0);
});

test('keeps the contract of a lifecycle', async () => {
  const delays = (meter: ReturnType<typeof createProcessMeter>) => {
    const family = meter.families().find(({ name }) => name === 'millrace_event_loop_delay_seconds');
    return family?.type === 'histogram' ? count(family.samples[0]?.durations as DurationCounts) : 0;
  };
  // Windows of a second, hurried: a clock whose seconds last 5 ms.
  const hurried = { ...systemClock, every: (_: number, fn: () => void) => systemClock.every(5, fn) };
  await lifecycleStress(
    () => createProcessMeter(hurried),
    async (meter) => {
      const before = delays(meter);
      for (let window = 0; window < 5 && delays(meter) === before; window++) await systemClock.sleep(5);
      return delays(meter) > before;
    },
  );
});
