import { ManualClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { expect, test } from 'vitest';
import { createWorkQueue, retryAfterMs } from './work-queue.ts';

function queue(reconcile: (key: string) => Promise<void>, perSecond = 10) {
  const clock = new ManualClock();
  const failed: string[] = [];
  const made = createWorkQueue({ reconcile, perSecond, clock, onFailure: (key) => failed.push(key) });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { made, clock, failed, settle };
}

test('a key that is put many times before its turn has one', async () => {
  const ran: string[] = [];
  const { made, settle } = queue(async (key) => void ran.push(key));
  for (const key of ['a', 'b', 'a', 'a']) made.put(key);
  await made.start();
  await settle();
  expect(ran).toEqual(['a', 'b']);
  expect(made.depth).toBe(0);
  await made.stop();
});

test('a key that is put while it runs runs once more, and never beside itself', async () => {
  let running = 0;
  let runs = 0;
  const ends: (() => void)[] = [];
  const { made, settle } = queue(async () => {
    running += 1;
    runs += 1;
    expect(running).toBe(1);
    await new Promise<void>((resolve) => ends.push(resolve));
    running -= 1;
  });
  await made.start();
  made.put('a');
  made.put('a');
  made.put('a');
  expect(runs).toBe(1);
  ends.shift()?.();
  await settle();
  expect(runs).toBe(2);
  ends.shift()?.();
  await made.stop();
  expect(runs).toBe(2);
});

test('no more than so many a second, whatever is put', async () => {
  const ran: string[] = [];
  const { made, clock, settle } = queue(async (key) => void ran.push(key), 5);
  await made.start();
  for (let n = 0; n < 20; n++) made.put(`k${n}`);
  await settle();
  expect(ran).toHaveLength(5);
  clock.advance(1_000);
  await settle();
  expect(ran).toHaveLength(10);
  await made.stop();
});

test('what fails is tried again, later each time, and at once when it is put', async () => {
  let fails = 2;
  let runs = 0;
  const { made, clock, failed, settle } = queue(async () => {
    runs += 1;
    if (fails-- > 0) throw new Error('no');
  });
  await made.start();
  made.put('a');
  await settle();
  expect([runs, failed.length, made.depth]).toEqual([1, 1, 1]);
  clock.advance(200);
  await settle();
  expect(runs).toBe(2);
  made.put('a');
  await settle();
  expect([runs, made.depth]).toEqual([3, 0]);
  clock.advance(60_000);
  await settle();
  expect(runs).toBe(3);
  await made.stop();
});

test('what it did is on record, and writes beside it are of its pace', async () => {
  let fails = 1;
  const { made, clock, settle } = queue(async () => {
    await Promise.resolve();
    clock.advance(250);
    if (fails-- > 0) throw new Error('no');
  }, 5);
  await made.start();
  made.put('a');
  await settle();
  expect(made.record).toEqual({ ok: 0, failed: 1, retries: 0, tookMs: 250 });
  clock.advance(200);
  await settle();
  expect(made.record).toEqual({ ok: 1, failed: 1, retries: 1, tookMs: 500 });
  await made.stop();
  const idle = queue(async () => undefined, 2);
  expect([1, 2, 3].map(() => idle.made.spend())).toEqual([true, true, false]);
  idle.clock.advance(500);
  expect([1, 2].map(() => idle.made.spend())).toEqual([true, false]);
});

test('the wait for a retry doubles up to 10 s', () => {
  expect([1, 2, 3, 6, 7, 1_000].map(retryAfterMs)).toEqual([200, 400, 800, 6_400, 10_000, 10_000]);
});

test('a work queue keeps the lifecycle contract', async () => {
  let ran = 0;
  await lifecycleStress(
    () => queue(async () => void ran++).made,
    (made) => {
      const before = ran;
      made.put('a');
      return ran > before;
    },
  );
});
