import { ManualClock, silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import { ApiError } from './api.ts';
import { createApiMeter } from './api-meter.ts';
import { apiOf, podObject } from './testing.ts';
import { createWatchList } from './watch-list.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A watch over one pod, whose stream does as `watched` says. */
function pods(watched?: Parameters<typeof apiOf>[1]) {
  const clock = new ManualClock();
  const seen = { lists: 0 };
  const answer = () => {
    seen.lists += 1;
    return { metadata: { resourceVersion: '1' }, items: [podObject()] };
  };
  const list = createWatchList(
    { path: '/api/v1/namespaces/ns/pods', labelSelector: '', resource: 'pods', onChange() {}, onListed() {} },
    { api: apiOf(answer, watched), meter: createApiMeter(clock.monotonicMs()), clock, log: silentLog },
  );
  return {
    list,
    seen,
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50);
        await settle();
      }
    },
  };
}

test.each([
  ['refused', () => Promise.reject(new ApiError(403, 'Forbidden', 'cannot watch'))],
  [
    'opened and closed at once',
    (_: string, open: () => void) => {
      open();
      return Promise.resolve();
    },
  ],
])('a watch that is %s costs the server no full list more than every 1.5 s', async (_, watched) => {
  const { list, seen, pass } = pods(watched);
  await list.start();
  await pass(10_000);
  seen.lists = 0;
  await pass(30_000);
  expect(seen.lists).toBeGreaterThan(5);
  expect(seen.lists).toBeLessThanOrEqual(20);
  await list.stop();
});

test('a watch that worked for a while is opened again at once, however often it failed before', async () => {
  let end: () => void = () => undefined;
  let isRefused = true;
  const { list, seen, pass } = pods((_, open) => {
    if (isRefused) return Promise.reject(new ApiError(429, 'TooManyRequests', 'not now'));
    open();
    return new Promise((resolve) => {
      end = resolve;
    });
  });
  await list.start();
  await pass(20_000);
  isRefused = false;
  await pass(10_000);
  seen.lists = 0;
  end();
  await pass(200);
  expect(seen.lists).toBe(1);
  end();
  await pass(0);
  await list.stop();
});
