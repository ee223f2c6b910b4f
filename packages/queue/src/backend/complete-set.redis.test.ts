import { setImmediate as turn } from 'node:timers/promises';
import { newStartId } from '@millrace/core';
import type { RedisClient } from 'bullmq';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CompletionBench, completionBench, ok } from '../../../../tests/support/completions.ts';
import { gate, jobs, queueBench, until } from '../../../../tests/support/queue.ts';
import { startStore } from '../../../../tests/support/store-setup.ts';
import { openClient } from '../connection/client.ts';
import { queueKeys } from '../keys.ts';
import { completeSet } from './complete-set.ts';
import type { Completion } from './completions.ts';
import { CLIENT_IDENTITY } from './identity.ts';

let at: CompletionBench;
beforeEach(async () => {
  at = await completionBench();
});
afterEach(() => at.close());

const eventsOf = async (event: string) =>
  (await at.bench.redis.xrange(at.keys.events, '-', '+'))
    .map(([, fields]) => fields)
    .filter(([, name]) => name === event);

test('jobs that end together are all completed, and as many come with the answer', async () => {
  await at.ids(12);
  const { hold } = await at.holding(6);
  const first = [...hold.started.keys()];
  hold.finishAll(ok({ done: true }));
  await until(() => hold.started.size === 12, 'six more run');
  for (const id of first) {
    expect(await at.queue.job(id)).toMatchObject({
      state: 'completed',
      result: { done: true },
      attemptsMade: 1,
    });
  }
  expect(await at.stock.getJobCounts('active', 'wait', 'completed')).toEqual({
    active: 6,
    wait: 0,
    completed: 6,
  });
  expect(await eventsOf('completed')).toHaveLength(6);
  expect(await eventsOf('active')).toHaveLength(12);
});

test('a lock that is lost fails its own job and no other', async () => {
  await at.ids(3);
  const { hold, startId } = await at.holding(3);
  const [lost = '', ...others] = [...hold.started.keys()];
  await at.bench.redis.set(`${at.keys.job(lost)}:lock`, 'somebody.else:1');
  hold.finishAll(ok());
  await until(async () => (await at.stock.getCompletedCount()) === 2, 'the others are done');
  for (const id of others) expect(await at.queue.job(id)).toMatchObject({ state: 'completed' });
  expect(await at.queue.job(lost)).toMatchObject({ state: 'active', attemptsMade: 0 });
  expect(await at.bench.redis.get(`${at.keys.job(lost)}:lock`)).toBe('somebody.else:1');
  expect(startId).not.toBe('somebody.else');
});

/** Ends of jobs that a start holds, as its worker would send them. */
async function directly(startId: string, jobIds: readonly string[], over: Partial<Completion> = {}) {
  const client = openClient(at.bench.config.redis, 'patient', 'test');
  const commands = client as unknown as Record<string, (args: unknown[]) => Promise<unknown>>;
  const wire = { runCommand: (name: string, args: unknown[]) => commands[name]?.(args) } as RedisClient;
  const tokens = await at.bench.redis.mget(jobIds.map((id) => `${at.keys.job(id)}:lock`));
  const set = jobIds.map((jobId, i) => ({
    ...{ jobId, token: tokens[i] ?? '', startNumber: 1, attemptsMade: 1 },
    ...{ returnValue: '7', takesNext: false, stamps: '', ...over },
  }));
  const options = JSON.stringify({ name: startId, lockDuration: 30_000, keepJobs: { count: -1 } });
  return {
    codes: async (as = startId, told: readonly Completion[] = set) => {
      const identity = { ...CLIENT_IDENTITY, startId: as, mayTake: () => true };
      return (await completeSet(wire, at.keys, identity, options, told)).map(({ code }) => code);
    },
    set,
    close: () => client.disconnect(),
  };
}

test('told again after an answer was lost, it is done, is in the ledger once, and takes nothing more', async () => {
  await at.ids(4);
  const { cursor } = await at.queue.registerReader('test');
  const { hold, startId, consumer } = await at.holding(2);
  await consumer.quiesce();
  const { codes, set, close } = await directly(startId, [...hold.started.keys()], { takesNext: true });
  expect(await codes()).toEqual([0, 0]);
  expect(await at.stock.getJobCounts('active', 'wait')).toEqual({ active: 2, wait: 0 });
  await at.ids(2);
  expect(await codes()).toEqual([0, 0]);
  expect(await at.stock.getJobCounts('active', 'wait')).toEqual({ active: 2, wait: 2 });
  expect((await at.queue.readLedger('test', cursor, 10)).entries).toHaveLength(2);
  // Another start's word, and one of an older start of this one, stay refused.
  expect(await codes('pod.other')).toEqual([-2, -2]);
  const older = set.map((each) => ({ ...each, startNumber: 0 }));
  expect(await codes(startId, older)).toEqual([-2, -2]);
  close();
});

test('of one call each job hears its own: gone, with children that still run, lost, done', async () => {
  await at.ids(4);
  const { hold, startId, consumer } = await at.holding(4);
  await consumer.quiesce();
  const [gone = '', parent = '', lost = '', plain = ''] = [...hold.started.keys()];
  const { codes, close } = await directly(startId, [gone, parent, lost, plain]);
  await at.bench.redis.del(at.keys.job(gone));
  await at.bench.redis.sadd(`${at.keys.job(parent)}:dependencies`, 'a child');
  await at.bench.redis.set(`${at.keys.job(lost)}:lock`, 'somebody.else:1');
  expect(await codes()).toEqual([-1, -4, -6, 0]);
  expect(await at.bench.redis.exists(at.keys.job(gone))).toBe(0);
  expect(await at.queue.job(parent)).toMatchObject({ state: 'active' });
  expect(await at.queue.job(plain)).toMatchObject({ state: 'completed' });
  close();
});

test('a next job that cannot be taken makes no error of the ends that came with it', async () => {
  const [, broken = ''] = await at.ids(2);
  const { hold, startId, consumer } = await at.holding(1);
  await consumer.quiesce();
  await at.bench.redis.del(at.keys.job(broken));
  await at.bench.redis.set(at.keys.job(broken), 'no hash');
  const { codes, close } = await directly(startId, [...hold.started.keys()], { takesNext: true });
  expect(await codes()).toEqual([0]);
  expect(await at.stock.getCompletedCount()).toBe(1);
  close();
});

test('the fence refuses a set, counts each job of it, and the start is told at once', async () => {
  await at.ids(3);
  let fenced = 0;
  const hold = gate();
  const startId = newStartId('pod');
  const consumer = at.bench.consumer({
    ...{ startId, concurrency: 3, run: hold.run, onFenced: () => void fenced++ },
  });
  await consumer.start();
  await until(() => hold.started.size === 3, 'it holds three');
  await consumer.quiesce();
  await at.store.supervision.fence('work', startId);
  hold.finishAll(ok());
  await until(() => fenced === 1, 'it is told');
  expect(await at.store.supervision.refusalsOf(['work'], startId)).toBeGreaterThanOrEqual(3);
  expect(await at.stock.getCompletedCount()).toBe(0);
});

test('what has ended is done, and does not go back with what still runs', async () => {
  await at.ids(101);
  const { hold, consumer } = await at.holding(101);
  await consumer.quiesce();
  const [still] = hold.started.keys();
  for (const [id, { finish }] of hold.started) if (id !== still) finish(ok());
  // More than may be under way have ended by then, and the rest waits.
  await turn();
  expect(await consumer.handBack('drain')).toEqual([still]);
  expect(await at.stock.getJobCounts('completed', 'wait', 'active')).toEqual({
    completed: 100,
    wait: 1,
    active: 0,
  });
});

test('a store that is full gives out no job, and has changed nothing', async () => {
  const own = await startStore();
  const full = queueBench('', { url: `redis://127.0.0.1:${own.port}` });
  const work = (await full.store('patient')).queue('work');
  await work.add(jobs(5));
  await full.redis.config('SET', 'maxmemory', 1);
  const hold = gate();
  await full.consumer({ run: hold.run }).start();
  const wait = queueKeys(full.prefix, 'work').wait;
  const refusals = async () => (await full.redis.info('errorstats')).includes('errorstat_OOM');
  await until(refusals, 'the store has refused');
  expect(await full.redis.llen(wait)).toBe(5);
  await full.redis.config('SET', 'maxmemory', 0);
  await until(() => hold.started.size > 0, 'it goes on');
  await full.close();
  await own.stop();
});

test('the last job’s end is told as the queue being drained', async () => {
  await at.ids(3);
  await at.bench.consumer({ run: async () => ok() }).start();
  await until(async () => (await at.stock.getCompletedCount()) === 3, 'all are done');
  await until(async () => (await eventsOf('drained')).length === 1, 'it is told');
});
