import { newStartId } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dies, killed } from '../../../tests/support/deaths.ts';
import {
  certificateOf,
  gate,
  jobs,
  type QueueBench,
  queueBench,
  until,
} from '../../../tests/support/queue.ts';
import { queueKeys } from './keys.ts';
import type { BoundedQueue } from './types/queue.ts';
import type { Store } from './types/store.ts';

let bench: QueueBench;
let store: Store;
let queue: BoundedQueue;
beforeEach(async () => {
  bench = queueBench();
  store = await bench.store('patient');
  queue = store.queue('work');
  await store.board.addQueueName('work');
});
afterEach(() => bench.close());

/** A death that nobody's job was blamed for, and the word on it that came later. */
async function diedOf(n: number) {
  const added = await queue.add(jobs(n));
  const ids = added.kind === 'accepted' ? [...added.ids] : [];
  const { startId } = await dies(bench, store, { cause: 'pod-lost', blame: 'none' });
  const certificate = certificateOf(startId, { cause: 'oom', blame: 'jobs', exitSignal: 'SIGKILL' });
  const blame = () => store.supervision.blame('work', { startId, certificate }, ids);
  return { ids, startId, blame };
}

test('a blame that comes after the reclaim makes suspects, once, and its evidence shows', async () => {
  const { ids, blame } = await diedOf(2);
  const [id = ''] = ids;
  expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false });
  expect(await blame()).toBe(2);
  expect(await blame()).toBe(0);
  for (const each of ids) expect(await queue.job(each)).toMatchObject({ kills: 1, suspect: true });
  await bench.consumer({ run: async () => killed() }).start();
  await until(async () => (await queue.job(id))?.state === 'failed', 'it is dead');
  expect((await queue.deadLetter(id))?.kills).toMatchObject([
    { cause: 'oom', exitSignal: 'SIGKILL' },
    { isolated: true },
    { isolated: true },
  ]);
});

test('a death that is put down late to what is a suspect already spares it once, whoever says so', async () => {
  const { ids, blame } = await diedOf(1);
  const [id = ''] = ids;
  await blame();
  const spared = () => bench.redis.hget(queueKeys(bench.prefix, 'work').job(id), 'mrSpared');
  const deaths = [];
  for (const by of ['jobs', 'none', 'unknown'] as const) {
    const { startId } = await dies(bench, store, { cause: 'pod-lost', blame: by });
    const certificate = certificateOf(startId, { cause: 'oom', blame: 'jobs' });
    deaths.push(() => store.supervision.blame('work', { startId, certificate }, ids));
  }
  // Both supervisors learn of it, and of each death after the next.
  for (const death of [...deaths, ...deaths]) await death();
  expect(await spared()).toBe('3');
  expect(await queue.job(id)).toMatchObject({ kills: 1, suspect: true });
});

test('a death that spared a job which always runs alone makes it no suspect, late as the word may come', async () => {
  const added = await queue.add(jobs(1));
  const [id = ''] = added.kind === 'accepted' ? added.ids : [];
  const startId = newStartId('pod');
  const hold = gate();
  const consumer = bench.consumer({ startId, run: hold.run });
  await consumer.start();
  await until(() => hold.started.size === 1, 'it runs');
  await hold.started.get(id)?.job.alone();
  const certificate = certificateOf(startId, { blame: 'jobs' });
  await store.supervision.fence('work', startId);
  await store.supervision.reclaim('work', { startId, certificate });
  await consumer.stop();
  expect(await store.supervision.blame('work', { startId, certificate }, [id])).toBe(0);
  expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false });
});

test('a job that somebody has taken again is blamed for the start before', async () => {
  const { ids, blame } = await diedOf(1);
  const [id = ''] = ids;
  const hold = gate();
  await bench.consumer({ run: hold.run }).start();
  await until(() => hold.started.size === 1, 'it runs again');
  expect(await blame()).toBe(1);
  const line = await bench.redis.hget(queueKeys(bench.prefix, 'work').job(id), 'mrKilledBy');
  expect(JSON.parse(line ?? '')).toMatchObject({ s: 1 });
  // The run of now can be counted all the same.
  hold.finishAll(killed());
  await until(async () => (await queue.job(id))?.kills === 2, 'it is counted');
});

test('what is over by then is left alone', async () => {
  const { ids, blame } = await diedOf(1);
  const [id = ''] = ids;
  await bench.consumer({ run: async () => ({ kind: 'ok', value: null }) }).start();
  await until(async () => (await queue.job(id))?.state === 'completed', 'it is done');
  expect(await blame()).toBe(0);
  expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false });
});
