import type { Outcome } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dies, killed } from '../../../tests/support/deaths.ts';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import { queueKeys } from './keys.ts';
import type { BoundedQueue } from './types/queue.ts';
import type { Store } from './types/store.ts';

let bench: QueueBench;
let store: Store;
let queue: BoundedQueue;
async function open(yaml = '') {
  bench = queueBench(yaml);
  store = await bench.store('patient');
  queue = store.queue('work');
  await store.board.addQueueName('work');
}
beforeEach(() => open());
afterEach(() => bench.close());

async function one(): Promise<string> {
  const added = await queue.add(jobs(1, { n: 1 }));
  return added.kind === 'accepted' ? (added.ids[0] as string) : '';
}

describe('a worker’s death', () => {
  test('makes suspects at once when a job did it, at the second time when nobody knows, never when it was ordered', async () => {
    const id = await one();
    await dies(bench, store, { cause: 'ordered', blame: 'none' });
    expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false });
    await dies(bench, store, { cause: 'killed', blame: 'unknown' });
    expect(await queue.job(id)).toMatchObject({ kills: 1, suspect: false });
    const second = await dies(bench, store, { cause: 'killed', blame: 'unknown' });
    expect(second.jobs[0]?.suspect).toBe(false);
    expect(await queue.job(id)).toMatchObject({ kills: 2, suspect: true, attemptsMade: 0 });
    const crash = await one();
    await bench.redis.lrem(queueKeys(bench.prefix, 'work').wait, 1, id);
    await dies(bench, store, { cause: 'crash', blame: 'jobs' });
    expect(await queue.job(crash)).toMatchObject({ kills: 1, suspect: true });
  });

  test('is not counted against who ran alone in it or waited to, but not for ever', async () => {
    const id = await one();
    await dies(bench, store, { blame: 'jobs' });
    for (let death = 0; death < 9; death++) {
      const { jobs } = await dies(bench, store, { blame: 'jobs' });
      expect(jobs.map(({ suspect }) => suspect)).toEqual([true]);
    }
    expect(await queue.job(id)).toMatchObject({ kills: 1, suspect: true });
    await dies(bench, store, { blame: 'jobs' });
    const ran: string[] = [];
    await bench.consumer({ run: async (job) => ({ kind: 'ok', value: ran.push(job.id) }) }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is failed unrun');
    expect(ran).toEqual([]);
    expect(await queue.deadLetter(id)).toMatchObject({
      reason: 'poison',
      error: 'poison: 10 workers died while it ran alone in them or waited to',
      kills: [{ isolated: false }],
    });
  });

  test('is forgotten when the suspect ends in any other way, and costs it no attempt', async () => {
    const id = await one();
    await dies(bench, store, { blame: 'jobs' });
    const seen: boolean[] = [];
    await bench.consumer({ run: async ({ suspect }) => ({ kind: 'ok', value: seen.push(suspect) }) }).start();
    await until(async () => (await queue.job(id))?.state === 'completed', 'it is completed');
    expect(seen).toEqual([true]);
    expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false, attemptsMade: 1 });
  });

  test.each<Outcome>([
    { kind: 'fail', error: new Error('again'), retry: true },
    { kind: 'snooze', delayMs: 60_000 },
  ])('also when it is $kind', async (outcome) => {
    const added = await queue.add(jobs(1).map((job) => ({ ...job, opts: { attempts: 3 } })));
    const id = added.kind === 'accepted' ? (added.ids[0] as string) : '';
    await dies(bench, store, { blame: 'jobs' });
    let runs = 0;
    const hold = gate();
    await bench
      .consumer({ run: async (job, signal) => (runs++ === 0 ? outcome : hold.run(job, signal)) })
      .start();
    await until(async () => (await queue.job(id))?.suspect === false, 'it is cleared');
    expect(await queue.job(id)).toMatchObject({ kills: 0 });
    hold.finishAll();
  });

  test('counts nothing where quarantine is off', async () => {
    await bench.close();
    await open('poison: {quarantine: false}');
    const id = await one();
    for (let death = 0; death < 4; death++) {
      const { jobs } = await dies(bench, store, { blame: 'jobs' });
      expect(jobs[0]?.suspect).toBe(false);
    }
    expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false });
    await bench.consumer({ run: async () => killed() }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'a kill is an ordinary failure');
    expect(await queue.job(id)).toMatchObject({ error: 'its process died: crash, exit code 134', kills: 0 });
  });
});

describe('the stalled check', () => {
  /** The job is active and its lock is gone, as after a death or an outage; the next look sends it back. */
  async function stalls(id: string, worker: string): Promise<void> {
    const keys = queueKeys(bench.prefix, 'work');
    await bench.redis.rpoplpush(keys.wait, keys.active);
    await bench.redis.hset(keys.job(id), 'pb', worker, 'ats', 1);
    await bench.redis.sadd(keys.stalled, id);
    await bench.redis.del(keys.job('stalled-check'));
    const hold = bench.consumer({ concurrency: 1, run: gate().run });
    await hold.connect();
    await hold.start();
    await until(
      async () => (await bench.redis.hget(keys.job(id), 'ats')) === '2',
      'it was sent back and taken',
    );
    await hold.handBack('test');
    await hold.stop();
  }

  test('makes suspects with no supervisor at all, so that a poison job is bounded', async () => {
    const id = await one();
    await queue.registerReader('r');
    await stalls(id, 'pod.gone');
    expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false });
    // The ledger misses no start that has ended: here the vanished one, then the one that was handed back.
    expect((await queue.readLedger('r', null, 100)).entries).toMatchObject([
      { id, outcome: 'killed', value: 'stalled', worker: 'pod.gone', start: 1 },
      { id, outcome: 'returned', start: 2 },
    ]);
    await stalls(id, 'pod.gone');
    expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: true });
    await bench.consumer({ run: async () => killed() }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is dead');
    expect(await queue.deadLetter(id)).toMatchObject({
      reason: 'poison',
      kills: [{ isolated: true }, { isolated: true }, { isolated: true }],
    });
  });

  test('takes no outage for a kill, however many there are', async () => {
    const id = await one();
    for (let outage = 0; outage < 9; outage++) await stalls(id, 'pod.lives');
    expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: true });
    await bench.consumer().start();
    await until(async () => (await queue.job(id))?.state === 'completed', 'it is done');
  });

  test('counts the death of a worker that was declared dead', async () => {
    const id = await one();
    await store.supervision.fence('work', 'pod.dead');
    await stalls(id, 'pod.dead');
    expect(await queue.job(id)).toMatchObject({ kills: 1, suspect: false });
    await stalls(id, 'pod.dead');
    expect(await queue.job(id)).toMatchObject({ kills: 2, suspect: true });
    await bench.consumer({ run: async () => killed() }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is dead');
    expect((await queue.deadLetter(id))?.kills).toMatchObject([
      { worker: 'pod.dead', isolated: false },
      { worker: 'pod.dead', isolated: false },
      { isolated: true },
    ]);
  });
});
