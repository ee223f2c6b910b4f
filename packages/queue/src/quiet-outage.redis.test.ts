import { afterEach, expect, test } from 'vitest';
import { ownStore } from '../../../tests/support/own-store.ts';
import { queueBench, until } from '../../../tests/support/queue.ts';
import { queueKeys } from './keys.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Far below what BullMQ's own watch over its read takes to wake. */
const BACK_MS = 2_000;

test('a consumer that is told to be quiet during an outage is so once the store is back, and reads no more', async () => {
  const store = await ownStore();
  cleanups.push(store.close);
  const bench = queueBench('', store);
  cleanups.push(bench.close);
  const consumer = bench.consumer();
  await consumer.start();
  await until(async () => String(await bench.redis.client('LIST')).includes('cmd=bzpopmin'), 'it reads');
  await store.kill();
  await until(() => !consumer.activity().connected, 'it knows that the store is away');
  let isIdle = false;
  const idle = consumer.idle().then(() => {
    isIdle = true;
  });
  await store.start();
  await until(() => isIdle, 'it is idle', BACK_MS);
  await idle;
  const { marker } = queueKeys(bench.prefix, 'work');
  // The marker is for others: the read that the outage cut off must not be sent again.
  await until(async () => (await bench.redis.exists(marker)) === 1, 'the others are woken', BACK_MS);
  expect(String(await bench.redis.client('LIST'))).not.toContain('cmd=bzpopmin');
});
