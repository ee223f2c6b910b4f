import { ManualClock, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { createProcessWeather } from './process-weather.ts';

let weather: ReturnType<typeof createProcessWeather>;
afterEach(() => weather.stop());

function block(ms: number): void {
  const end = systemClock.monotonicMs() + ms;
  while (systemClock.monotonicMs() < end);
}

test('a blocked event loop is told to who ran meanwhile, and later to nobody else', async () => {
  weather = createProcessWeather(systemClock);
  await weather.start();
  await until(() => 'millrace.loop_delay_ms' in weather.during(0, systemClock.epochUs()), 'it looks');
  await systemClock.sleep(50);
  const fromUs = systemClock.epochUs();
  block(200);
  const delayOf = (toUs: number) => Number(weather.during(fromUs, toUs)['millrace.loop_delay_ms']);
  await until(() => delayOf(systemClock.epochUs()) > 100, 'the delay is seen');
  await systemClock.sleep(600);
  expect(delayOf(fromUs + 1_000)).toBeGreaterThan(100);
  expect(Number(weather.during(1, 2)['millrace.loop_delay_ms'])).toBe(0);
});

test('pauses of the garbage collector are summed over the time asked for', async () => {
  weather = createProcessWeather(systemClock);
  await weather.start();
  const fromUs = systemClock.epochUs();
  let kept: object[] = [];
  const gcMs = () => Number(weather.during(fromUs, systemClock.epochUs())['millrace.gc_ms']);
  await until(() => {
    kept = Array.from({ length: 100_000 }, (_, at) => ({ at, before: kept.length }));
    return gcMs() > 0;
  }, 'a collection is told');
  expect(weather.during(1, 2)['millrace.gc_ms']).toBe(0);
});

test('keeps the lifecycle contract', async () => {
  const clock = new ManualClock();
  await lifecycleStress(
    () => {
      weather = createProcessWeather(clock);
      return weather;
    },
    () => weather.isRunning,
  );
});
