import { newStartId, systemClock } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { openClient } from '../connection/client.ts';
import { queueKeys } from '../keys.ts';
import { giveBack } from '../reclaim/give-back.ts';

let bench: QueueBench;
beforeEach(() => {
  bench = queueBench();
});
afterEach(() => bench.close());

async function runningJob() {
  const startId = newStartId('pod');
  const hold = gate();
  const consumer = bench.consumer({ startId, run: hold.run });
  await consumer.start();
  await (await bench.store()).queue('work').add(jobs(1));
  await until(() => hold.started.size === 1, 'it runs');
  return { startId, hold, consumer, id: [...hold.started.keys()][0] as string };
}

test('the refused end of an old run does not take the next run of the same job out of hands', async () => {
  const { startId, hold, consumer, id } = await runningJob();
  const keys = queueKeys(bench.prefix, 'work');
  const client = openClient(bench.config.redis, 'patient', 'gives-back');
  await giveBack(client, keys, { startId, cause: 'test', jobIds: [id], nowMs: 1 });
  client.disconnect();
  await until(async () => (await bench.redis.hget(keys.job(id), 'ats')) === '2', 'it is taken again');
  hold.finishAll();
  await until(() => hold.started.get(id)?.job.fence === 2, 'it runs again');
  expect(consumer.runningIds()).toEqual([id]);
  hold.finishAll();
  await until(async () => (await bench.redis.zscore(keys.completed, id)) !== null, 'it is done');
  await until(() => consumer.activity().busy === 0, 'it is out of hands');
});

test('the refused end of the only run leaves nothing in hands', async () => {
  const { hold, consumer, id } = await runningJob();
  await bench.redis.del(queueKeys(bench.prefix, 'work').job(`${id}:lock`));
  hold.finishAll();
  await until(() => consumer.activity().busy === 0, 'it is out of hands');
});

test('a start that was fenced and does not exit swallows no marker', async () => {
  const startId = newStartId('pod');
  let fenced = false;
  const onFenced = () => {
    fenced = true;
  };
  await bench.consumer({ startId, onFenced }).start();
  const store = await bench.store();
  await store.supervision.fence('work', startId);
  await until(() => fenced, 'it is told');
  const reads = async () =>
    new RegExp(`${startId} .*cmd=bzpopmin`).test(String(await bench.redis.client('LIST')));
  await until(async () => !(await reads()), 'its read is cut');
  // BullMQ repeats a read that was cut, after 5 s at the latest.
  const endMs = systemClock.monotonicMs() + 6_000;
  while (systemClock.monotonicMs() < endMs) {
    expect(await reads()).toBe(false);
    await systemClock.sleep(50);
  }
  expect(await bench.redis.exists(queueKeys(bench.prefix, 'work').marker)).toBe(1);
}, 15_000);
