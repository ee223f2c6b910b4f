import { setImmediate as turn } from 'node:timers/promises';
import { newStartId, type Outcome } from '@millrace/core';
import { FlowProducer, Queue, type RedisClient } from 'bullmq';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { testStore } from '../../../../tests/support/store.ts';
import { startStore } from '../../../../tests/support/store-setup.ts';
import { openClient } from '../connection/client.ts';
import { queueKeys } from '../keys.ts';
import type { BoundedQueue } from '../types/queue.ts';
import type { Store } from '../types/store.ts';
import { completeSet } from './complete-set.ts';
import type { Completion } from './completions.ts';
import { CLIENT_IDENTITY } from './identity.ts';

let bench: QueueBench;
let store: Store;
let queue: BoundedQueue;
let stock: Queue;
async function open(yaml = ''): Promise<void> {
  bench = queueBench(yaml);
  store = await bench.store('patient');
  queue = store.queue('work');
  stock = new Queue('work', stockOptions());
}
beforeEach(() => open());
afterEach(async () => {
  await stock.close();
  await bench.close();
});

const stockOptions = () => {
  const { hostname, port } = new URL(testStore().url);
  return { prefix: bench.prefix, connection: { host: hostname, port: Number(port) } };
};
const ok = (value: unknown = null): Outcome => ({ kind: 'ok', value: value as never });

/** A consumer that holds `n` jobs. */
async function holding(n: number) {
  const hold = gate();
  const startId = newStartId('pod');
  const consumer = bench.consumer({ startId, concurrency: n, run: hold.run });
  await consumer.start();
  await until(() => hold.started.size === n, `it holds ${n}`);
  return { hold, startId, consumer };
}

async function ids(n: number): Promise<string[]> {
  const added = await queue.add(jobs(n));
  return added.kind === 'accepted' ? [...added.ids] : [];
}

const eventsOf = async (event: string) =>
  (await bench.redis.xrange(queueKeys(bench.prefix, 'work').events, '-', '+'))
    .map(([, fields]) => fields)
    .filter(([, name]) => name === event);

test('jobs that end together are all completed, and as many come with the answer', async () => {
  await ids(12);
  const { hold } = await holding(6);
  const first = [...hold.started.keys()];
  hold.finishAll(ok({ done: true }));
  await until(() => hold.started.size === 12, 'six more run');
  for (const id of first) {
    expect(await queue.job(id)).toMatchObject({
      state: 'completed',
      result: { done: true },
      attemptsMade: 1,
    });
  }
  expect(await stock.getJobCounts('active', 'wait', 'completed')).toEqual({
    active: 6,
    wait: 0,
    completed: 6,
  });
  expect(await eventsOf('completed')).toHaveLength(6);
  expect(await eventsOf('active')).toHaveLength(12);
});

test('a lock that is lost fails its own job and no other', async () => {
  await ids(3);
  const { hold, startId } = await holding(3);
  const [lost = '', ...others] = [...hold.started.keys()];
  const keys = queueKeys(bench.prefix, 'work');
  await bench.redis.set(`${keys.job(lost)}:lock`, 'somebody.else:1');
  hold.finishAll(ok());
  await until(async () => (await stock.getCompletedCount()) === 2, 'the others are done');
  for (const id of others) expect(await queue.job(id)).toMatchObject({ state: 'completed' });
  expect(await queue.job(lost)).toMatchObject({ state: 'active', attemptsMade: 0 });
  expect(await bench.redis.get(`${keys.job(lost)}:lock`)).toBe('somebody.else:1');
  expect(startId).not.toBe('somebody.else');
});

/** Ends of jobs that a start holds, as its worker would send them. */
async function directly(startId: string, jobIds: readonly string[], over: Partial<Completion> = {}) {
  const keys = queueKeys(bench.prefix, 'work');
  const client = openClient(bench.config.redis, 'patient', 'test');
  const commands = client as unknown as Record<string, (args: unknown[]) => Promise<unknown>>;
  const wire = { runCommand: (name: string, args: unknown[]) => commands[name]?.(args) } as RedisClient;
  const tokens = await bench.redis.mget(jobIds.map((id) => `${keys.job(id)}:lock`));
  const set = jobIds.map((jobId, i) => ({
    ...{ jobId, token: tokens[i] ?? '', startNumber: 1, attemptsMade: 1 },
    ...{ returnValue: '7', takesNext: false, stamps: '', ...over },
  }));
  const options = JSON.stringify({ name: startId, lockDuration: 30_000, keepJobs: { count: -1 } });
  return {
    codes: async (as = startId, told: readonly Completion[] = set) => {
      const identity = { ...CLIENT_IDENTITY, startId: as, mayTake: () => true };
      return (await completeSet(wire, keys, identity, options, told)).map(({ code }) => code);
    },
    set,
    close: () => client.disconnect(),
  };
}

test('told again after an answer was lost, it is done, is in the ledger once, and takes nothing more', async () => {
  await ids(4);
  const { cursor } = await queue.registerReader('test');
  const { hold, startId, consumer } = await holding(2);
  await consumer.quiesce();
  const { codes, set, close } = await directly(startId, [...hold.started.keys()], { takesNext: true });
  expect(await codes()).toEqual([0, 0]);
  expect(await stock.getJobCounts('active', 'wait')).toEqual({ active: 2, wait: 0 });
  await ids(2);
  expect(await codes()).toEqual([0, 0]);
  expect(await stock.getJobCounts('active', 'wait')).toEqual({ active: 2, wait: 2 });
  expect((await queue.readLedger('test', cursor, 10)).entries).toHaveLength(2);
  // Another start's word, and one of an older start of this one, stay refused.
  expect(await codes('pod.other')).toEqual([-2, -2]);
  const older = set.map((each) => ({ ...each, startNumber: 0 }));
  expect(await codes(startId, older)).toEqual([-2, -2]);
  close();
});

test('of one call each job hears its own: gone, with children that still run, lost, done', async () => {
  await ids(4);
  const { hold, startId, consumer } = await holding(4);
  await consumer.quiesce();
  const [gone = '', parent = '', lost = '', plain = ''] = [...hold.started.keys()];
  const keys = queueKeys(bench.prefix, 'work');
  const { codes, close } = await directly(startId, [gone, parent, lost, plain]);
  await bench.redis.del(keys.job(gone));
  await bench.redis.sadd(`${keys.job(parent)}:dependencies`, 'a child');
  await bench.redis.set(`${keys.job(lost)}:lock`, 'somebody.else:1');
  expect(await codes()).toEqual([-1, -4, -6, 0]);
  expect(await bench.redis.exists(keys.job(gone))).toBe(0);
  expect(await queue.job(parent)).toMatchObject({ state: 'active' });
  expect(await queue.job(plain)).toMatchObject({ state: 'completed' });
  close();
});

test('the fence refuses a set, counts each job of it, and the start is told at once', async () => {
  await ids(3);
  let fenced = 0;
  const hold = gate();
  const startId = newStartId('pod');
  const consumer = bench.consumer({
    ...{ startId, concurrency: 3, run: hold.run, onFenced: () => void fenced++ },
  });
  await consumer.start();
  await until(() => hold.started.size === 3, 'it holds three');
  await consumer.quiesce();
  await store.supervision.fence('work', startId);
  hold.finishAll(ok());
  await until(() => fenced === 1, 'it is told');
  expect(await store.supervision.refusalsOf(['work'], startId)).toBeGreaterThanOrEqual(3);
  expect(await stock.getCompletedCount()).toBe(0);
});

test('what has ended is done, and does not go back with what still runs', async () => {
  await ids(101);
  const { hold, consumer } = await holding(101);
  await consumer.quiesce();
  const [still] = hold.started.keys();
  for (const [id, { finish }] of hold.started) if (id !== still) finish(ok());
  // More than may be under way have ended by then, and the rest waits.
  await turn();
  expect(await consumer.handBack('drain')).toEqual([still]);
  expect(await stock.getJobCounts('completed', 'wait', 'active')).toEqual({
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

describe('what the stock script must judge', () => {
  test('a child’s end lets its parent run, with the child’s value', async () => {
    const flows = new FlowProducer(stockOptions());
    const children = [1, 2, 3].map((n) => ({ name: 'child', queueName: 'work', data: { n } }));
    const { job: parent } = await flows.add({ name: 'parent', queueName: 'work', data: {}, children });
    const seen: string[] = [];
    const run = async ({ name }: { name: string }) => {
      seen.push(name);
      return ok(name);
    };
    await bench.consumer({ run }).start();
    await until(async () => (await stock.getCompletedCount()) === 4, 'all are done');
    expect(seen).toEqual(['child', 'child', 'child', 'parent']);
    expect(Object.values(await parent.getChildrenValues())).toEqual(['child', 'child', 'child']);
    await flows.close();
  });

  test('a parent that a job gets while it runs hears of its end', async () => {
    await queue.pause();
    await stock.add('job', {}, { jobId: 'late' });
    await queue.resume();
    const { hold } = await holding(1);
    const flows = new FlowProducer(stockOptions());
    const children = [{ name: 'job', queueName: 'work', opts: { jobId: 'late' } }];
    await flows.add({ name: 'parent', queueName: 'work', data: {}, children });
    hold.finishAll(ok());
    await until(() => hold.started.size === 2, 'the parent runs');
    await flows.close();
  });

  test('a job whose record is broken harms no other', async () => {
    await queue.pause();
    const [first = '', broken = '', last = ''] = await ids(3);
    await bench.redis.del(queueKeys(bench.prefix, 'work').job(broken));
    await bench.redis.set(queueKeys(bench.prefix, 'work').job(broken), 'no hash');
    await queue.resume();
    const ran = new Set<string>();
    const run = async ({ id }: { id: string }) => {
      ran.add(id);
      return ok();
    };
    await bench.consumer({ run }).start();
    await until(() => ran.has(first) && ran.has(last), 'the others have run');
  });

  test('a deduplicated job’s end frees its id', async () => {
    const options = { deduplication: { id: 'one' } };
    const first = await stock.add('job', {}, options);
    expect((await stock.add('job', {}, options)).id).toBe(first.id);
    await bench.consumer({ run: async () => ok() }).start();
    await until(async () => (await stock.getCompletedCount()) === 1, 'it is done');
    expect((await stock.add('job', {}, options)).id).not.toBe(first.id);
  });

  test('prioritized jobs come after those that wait, and due delayed ones too', async () => {
    await queue.pause();
    await stock.add('low', {}, { priority: 5 });
    await stock.add('high', {}, { priority: 1 });
    await stock.add('waits', {});
    await stock.add('due', {}, { delay: 1 });
    const order: string[] = [];
    const run = async ({ name }: { name: string }) => {
      order.push(name);
      return ok();
    };
    await bench.consumer({ concurrency: 1, run }).start();
    await queue.resume();
    await until(() => order.length === 4, 'all have run');
    expect(order.slice(2)).toEqual(['high', 'low']);
    expect(order.slice(0, 2).toSorted()).toEqual(['due', 'waits']);
  });

  test('a queue’s own limit of jobs at once holds, also when several end together', async () => {
    await stock.setGlobalConcurrency(2);
    await ids(8);
    const hold = gate();
    await bench.consumer({ concurrency: 8, run: hold.run }).start();
    for (let ran = 2; ran <= 8; ran += 2) {
      await until(() => hold.started.size === ran, `${ran} have started`);
      expect(await bench.redis.llen(queueKeys(bench.prefix, 'work').active)).toBe(2);
      hold.finishAll(ok());
    }
    await until(async () => (await stock.getCompletedCount()) === 8, 'all are done');
  });

  test('a paused queue gives nothing', async () => {
    await ids(6);
    const { hold } = await holding(3);
    await queue.pause();
    hold.finishAll(ok());
    await until(async () => (await stock.getCompletedCount()) === 3, 'three are done');
    expect(hold.started.size).toBe(3);
    expect(await stock.getJobCounts('active', 'wait')).toEqual({ active: 0, wait: 3 });
  });
});

describe('completed jobs are kept', () => {
  const reopen = async (yaml: string) => {
    await stock.close();
    await bench.close();
    await open(yaml);
  };
  const all = async (n: number) => {
    await ids(n);
    let ran = 0;
    const consumer = bench.consumer({
      run: async ({ log }) => {
        await log('a line');
        ran++;
        return ok();
      },
    });
    await consumer.start();
    await until(async () => ran === n && (await stock.getActiveCount()) === 0, 'all are done');
    await consumer.stop();
    const left = await bench.redis.keys(`${bench.prefix}:work:[0-9]*`);
    return left.filter((key) => !key.endsWith(':logs')).length;
  };

  test('as many as told, with nothing left of the others', async () => {
    await reopen('retention: { completedCount: 5 }');
    expect(await all(40)).toBe(5);
    expect(await bench.redis.keys(`${bench.prefix}:work:*:logs`)).toHaveLength(5);
    expect(await stock.getCompletedCount()).toBe(5);
  });

  test('as long as told, also while there are as many as told', async () => {
    await reopen('retention: { completedCount: 10, completedAgeMs: 3600000 }');
    await all(10);
    const { completed } = queueKeys(bench.prefix, 'work');
    const old = await bench.redis.zrange(completed, 0, 7);
    for (const id of old) await bench.redis.zadd(completed, 1, id);
    await all(1);
    expect(await bench.redis.zcard(completed)).toBe(3);
  });

  test('many that are too many by now go a part at a time', async () => {
    await reopen('retention: { completedCount: 5 }');
    const { completed } = queueKeys(bench.prefix, 'work');
    await bench.redis.zadd(completed, ...Array.from({ length: 600 }, (_, i) => [i, `old${i}`]).flat());
    await all(1);
    expect(await bench.redis.zcard(completed)).toBe(345);
  });

  test('none, if none is to be kept', async () => {
    await reopen('retention: { completedCount: 0 }');
    expect(await all(10)).toBe(0);
  });
});

test('the last job’s end is told as the queue being drained', async () => {
  await ids(3);
  await bench.consumer({ run: async () => ok() }).start();
  await until(async () => (await stock.getCompletedCount()) === 3, 'all are done');
  await until(async () => (await eventsOf('drained')).length === 1, 'it is told');
});
