import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { startStore } from '../../../../tests/support/store-setup.ts';
import { type OwnScript, SCRIPTS } from '../backend/compose.ts';

let bench: QueueBench | undefined;
let own: Awaited<ReturnType<typeof startStore>> | undefined;
afterEach(async () => {
  await bench?.close();
  await own?.stop();
});

test('a store that was started anew is told the scripts of a death again, before the next death', async () => {
  own = await startStore();
  bench = queueBench('', { url: `redis://127.0.0.1:${own.port}` });
  const { redis } = bench;
  const store = await bench.store('patient');
  const names: readonly OwnScript[] = ['fence', 'reclaim', 'save-recovery'];
  const hashes = names.map((name) =>
    createHash('sha1')
      .update(SCRIPTS.own.get(name)?.lua ?? '')
      .digest('hex'),
  );
  const areKnown = async () => {
    const known = (await redis.script('EXISTS', ...hashes)) as number[];
    return known.every((exists) => exists === 1);
  };
  await store.supervision.rehearse();
  await until(areKnown, 'they are known');
  // What a new store does not have, and how its start ends every connection.
  await redis.script('FLUSH');
  expect(await areKnown()).toBe(false);
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until(areKnown, 'they are known again');
});

test('the rehearsal leaves nothing in the store', async () => {
  bench = queueBench();
  const store = await bench.store('patient');
  await store.supervision.rehearse();
  expect(await bench.redis.keys(`${bench.prefix}:*`)).toEqual([]);
});
