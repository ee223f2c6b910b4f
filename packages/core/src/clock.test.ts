import { expect, test } from 'vitest';
import { ManualClock, systemClock } from './clock.ts';

test('a manual clock fires what falls due, in order, and repeats', () => {
  const clock = new ManualClock(0);
  const fired: string[] = [];
  clock.after(30, () => fired.push(`b@${clock.nowMs()}`));
  clock.after(10, () => fired.push(`a@${clock.nowMs()}`));
  const repeating = clock.every(20, () => fired.push(`r@${clock.nowMs()}`));
  clock.after(5, () => fired.push('never')).cancel();
  clock.advance(45);
  repeating.cancel();
  clock.advance(100);
  expect(fired).toEqual(['a@10', 'r@20', 'b@30', 'r@40']);
});

test('a sleep ends with the reason of its signal', async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const slept = clock.sleep(1_000, stop.signal);
  stop.abort(new Error('enough'));
  await expect(slept).rejects.toThrow('enough');
  await expect(clock.sleep(1, stop.signal)).rejects.toThrow('enough');
});

test('microseconds agree with the wall clock and do not step back', () => {
  expect(Math.abs(systemClock.epochUs() / 1000 - systemClock.nowMs())).toBeLessThan(1_000);
  const first = systemClock.epochUs();
  expect(systemClock.epochUs()).toBeGreaterThanOrEqual(first);
});
