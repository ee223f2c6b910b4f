import { type DeathCertificate, isMillraceError, newStartId } from '@millrace/core';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
});
afterEach(() => bench.close());

async function ids(n: number): Promise<string[]> {
  const added = await queue.add(jobs(n));
  return added.kind === 'accepted' ? [...added.ids] : [];
}

/** A start that holds `n` jobs and does not finish them. */
async function holder(n: number) {
  const hold = gate();
  const startId = newStartId('pod');
  const events = { fenced: 0 };
  const consumer = bench.consumer({
    startId,
    concurrency: n,
    run: hold.run,
    onFenced: () => events.fenced++,
  });
  await consumer.start();
  await until(() => hold.started.size === n, `${n} jobs run`);
  return { hold, startId, consumer, events };
}

const deadOf = (startId: string, cause: DeathCertificate['cause'] = 'killed') => ({
  startId,
  certificate: certificateOf(startId, { cause }),
});

describe('reclaim', () => {
  test('gives all jobs of the dead start back to the head of the queue, in their order, more than one call holds', async () => {
    const first = await ids(150);
    const dead = await holder(150);
    const later = await ids(3);
    await store.supervision.fence('work', dead.startId);
    const { jobIds } = await store.supervision.reclaim('work', deadOf(dead.startId));
    expect(jobIds).toEqual(first);
    const order: string[] = [];
    await bench
      .consumer({ concurrency: 1, run: async (job) => ({ kind: 'ok', value: order.push(job.id) }) })
      .start();
    await until(() => order.length === 153, 'all ran');
    expect(order).toEqual([...first, ...later]);
  });

  test.each([
    [1, 1],
    [3, 3],
    [20, 8],
  ])('of %i orphans wakes %i workers at once, not one after another', async (orphans, woken) => {
    await ids(orphans);
    const dead = await holder(orphans);
    await store.supervision.fence('work', dead.startId);
    await dead.consumer.stop();
    const marker = `${bench.prefix}:work:marker`;
    await bench.redis.del(marker);
    await store.supervision.reclaim('work', deadOf(dead.startId));
    expect(await bench.redis.zcard(marker)).toBe(woken);
    await store.supervision.reclaim('work', deadOf(dead.startId));
    expect(await bench.redis.zcard(marker)).toBe(woken);
  });

  test('counts neither an attempt nor a stall, and tells the job who killed it', async () => {
    const [id] = await ids(1);
    const dead = await holder(1);
    await store.supervision.fence('work', dead.startId);
    await store.supervision.reclaim('work', deadOf(dead.startId, 'crash'));
    const job = await queue.job(id as string);
    expect(job).toMatchObject({ state: 'waiting', attemptsMade: 0, attemptsStarted: 1 });
    expect(job?.attempts).toMatchObject([
      { outcome: 'killed', worker: dead.startId, cause: 'crash', start: 1 },
    ]);
    expect(await bench.redis.hget(`${bench.prefix}:work:${id}`, 'stc')).toBeNull();
  });

  test('is compare-and-set: only the dead start loses its jobs, and a second call tells the same and moves nothing', async () => {
    await ids(4);
    const dead = await holder(2);
    const alive = await holder(2);
    await store.supervision.fence('work', dead.startId);
    const first = await store.supervision.reclaim('work', deadOf(dead.startId));
    expect(first.jobIds).toHaveLength(2);
    expect(await store.supervision.reclaim('work', deadOf(dead.startId))).toEqual(first);
    expect((await queue.snapshot()).depth).toBe(2);
    alive.hold.finishAll();
    await until(async () => (await queue.snapshot()).counts.completed === 2, 'the living finished theirs');
  });

  test('never happens before the fence', async () => {
    await ids(1);
    const suspect = await holder(1);
    await expect(store.supervision.reclaim('work', deadOf(suspect.startId))).rejects.toMatchObject({
      code: 'wrong_state',
    });
    expect((await queue.snapshot()).counts.active).toBe(1);
    suspect.hold.finishAll();
  });

  test('keeps a priority job ahead of its equals, and counts what came back towards the bound', async () => {
    const prioritized = jobs(2, 'p').map((job) => ({ ...job, opts: { priority: 5 } }));
    const added = await queue.add(prioritized);
    const dead = await holder(2);
    await queue.add(prioritized);
    await store.supervision.fence('work', dead.startId);
    await store.supervision.reclaim('work', deadOf(dead.startId));
    expect(await queue.snapshot()).toMatchObject({ depth: 4, bytes: 12 });
    const seen: string[] = [];
    await bench
      .consumer({ concurrency: 1, run: async (job) => ({ kind: 'ok', value: seen.push(job.id) }) })
      .start();
    await until(() => seen.length === 4, 'all ran');
    expect(new Set(seen.slice(0, 2))).toEqual(new Set(added.kind === 'accepted' ? added.ids : []));
  });

  test('restarts are seen though the event stream has lost them; an orphan that waits is not', async () => {
    await ids(2);
    const dead = await holder(2);
    await store.supervision.fence('work', dead.startId);
    await dead.consumer.stop();
    const { jobIds, eventsAfter } = await store.supervision.reclaim('work', deadOf(dead.startId));
    const hold = gate();
    await bench.consumer({ concurrency: 1, run: hold.run }).start();
    await until(() => hold.started.size === 1, 'one runs again');
    await bench.redis.del(queueKeys(bench.prefix, 'work').events);
    const limit = new AbortController();
    const both = store.supervision.restarts('work', jobIds, eventsAfter, limit.signal);
    const [first = ''] = jobIds;
    await store.supervision.restarts('work', [first], eventsAfter, AbortSignal.timeout(10_000));
    limit.abort();
    expect([...(await both).keys()]).toEqual([first]);
    hold.finishAll();
  });

  test('restarts are seen with the store’s time', async () => {
    const all = await ids(3);
    const dead = await holder(3);
    await store.supervision.fence('work', dead.startId);
    const { jobIds, eventsAfter } = await store.supervision.reclaim('work', deadOf(dead.startId));
    const restarts = store.supervision.restarts('work', jobIds, eventsAfter, AbortSignal.timeout(5_000));
    await bench.consumer().start();
    expect([...(await restarts).keys()].sort()).toEqual(all.sort());
  });
});

describe('the fence', () => {
  test('refuses and counts every take, finish, retry, progress, data and log of the dead start', async () => {
    await ids(4);
    const dead = await holder(4);
    const [one, two, three, four] = [...dead.hold.started.values()];
    await store.supervision.fence('work', dead.startId);
    const refused = (call: Promise<unknown> | undefined) =>
      expect(call).rejects.toSatisfy((error) => isMillraceError(error, 'fenced'));
    await refused(one?.job.progress({ at: 1 }));
    await refused(one?.job.updateData({ other: true }));
    await refused(one?.job.log('line'));
    one?.finish({ kind: 'ok', value: 'zombie' });
    two?.finish({ kind: 'fail', error: new Error('zombie'), retry: true });
    three?.finish({ kind: 'snooze', delayMs: 10 });
    four?.finish({ kind: 'fail', error: new Error('zombie'), retry: false });
    await until(
      async () => (await store.supervision.refusalsOf(['work'], dead.startId)) >= 7,
      'all calls were refused',
    );
    expect(dead.events.fenced).toBe(1);
    expect(await queue.snapshot()).toMatchObject({
      counts: { active: 4, completed: 0, failed: 0, delayed: 0 },
    });
    const [job] = (await queue.jobs('active', null, 1)).jobs;
    expect(job?.data).toEqual({});
    expect(job?.progress).not.toEqual({ at: 1 });
  });

  test('refuses a take that was under way when the start was declared dead', async () => {
    const dead = bench.consumer({ startId: 'pod.dead', run: async () => ({ kind: 'ok', value: 1 }) });
    await dead.connect();
    await store.supervision.fence('work', 'pod.dead');
    await ids(1);
    await dead.start();
    await until(
      async () => (await store.supervision.refusalsOf(['work'], 'pod.dead')) >= 1,
      'its take was refused',
    );
    expect((await queue.snapshot()).counts).toMatchObject({ waiting: 1, active: 0 });
  });

  test('lets a start that lost only the lock of one job report on that job no more', async () => {
    await ids(1);
    const living = await holder(1);
    const [running] = [...living.hold.started.values()];
    await bench.redis.set(`${bench.prefix}:work:1:lock`, 'somebody.else:1');
    await expect(running?.job.progress(1)).rejects.toMatchObject({ code: 'lock_lost' });
    expect(living.events.fenced).toBe(0);
    running?.finish({ kind: 'ok', value: null });
  });

  test('is off without the fence: the same zombie calls pass (so the tests above can fail)', async () => {
    await ids(1);
    const zombie = await holder(1);
    const [running] = [...zombie.hold.started.values()];
    await running?.job.progress({ at: 1 });
    running?.finish({ kind: 'ok', value: 'accepted' });
    await until(async () => (await queue.snapshot()).counts.completed === 1, 'it is completed');
  });
});

describe('a living start', () => {
  test('hands back what it runs to the head of the queue, nothing counted', async () => {
    const all = await ids(3);
    const leaving = await holder(2);
    await leaving.consumer.quiesce();
    expect(await leaving.consumer.handBack('drain')).toEqual(all.slice(0, 2));
    const waiting = (await queue.jobs('waiting', null, 10)).jobs;
    expect(waiting.map((job) => job.id).reverse()).toEqual(all);
    expect(waiting.every((job) => job.attemptsMade === 0)).toBe(true);
    expect(waiting.at(-1)?.attempts).toMatchObject([{ outcome: 'returned', cause: 'drain' }]);
    expect([...leaving.hold.started.values()].every(({ signal }) => signal.aborted)).toBe(true);
    leaving.hold.finishAll();
  });

  test('takes nothing once quiesced, though a job arrives', async () => {
    const leaving = bench.consumer();
    await leaving.start();
    await leaving.quiesce();
    await ids(1);
    const other = gate();
    await bench.consumer({ run: other.run }).start();
    await until(() => other.started.size === 1, 'the other consumer takes it', 2_000);
    other.finishAll();
  });

  test('gives back jobs whose take was answered into the void, after a reconnect', async () => {
    await ids(1);
    const startId = newStartId('pod');
    // What a lost reply leaves behind: the job is active and locked by a start that never heard of it.
    const stock = new Queue('work', { connection: bench.redis, prefix: bench.prefix });
    await bench.redis.rpoplpush(`${bench.prefix}:work:wait`, `${bench.prefix}:work:active`);
    await bench.redis.set(`${bench.prefix}:work:1:lock`, `${startId}:99`, 'PX', 30_000);
    const ran: string[] = [];
    await bench.consumer({ startId, run: async (job) => ({ kind: 'ok', value: ran.push(job.id) }) }).start();
    const clients = String(await bench.redis.client('LIST'));
    const mainId = new RegExp(`id=(\\d+) .*name=millrace:${startId} `).exec(clients)?.[1];
    await bench.redis.client('KILL', 'ID', Number(mainId));
    await until(() => ran.length === 1, 'it was given back and ran');
    await stock.close();
  });

  test('carries its id on both connections, and a cut blocking read comes back', async () => {
    const consumer = bench.consumer({ startId: 'pod.seen' });
    await consumer.start();
    await until(
      async () => (await store.supervision.connectionsOf(['pod.seen'])).get('pod.seen') === 2,
      'both are seen',
    );
    expect(await store.supervision.cutBlockingOf(new Map([['pod.seen', ['work']]]))).toBe(1);
    await until(
      async () => (await store.supervision.connectionsOf(['pod.seen'])).get('pod.seen') === 2,
      'it is back',
    );
    await ids(1);
    await until(async () => (await queue.snapshot()).counts.completed === 1, 'it still takes jobs');
  });
});
