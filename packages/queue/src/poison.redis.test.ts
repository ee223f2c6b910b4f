import { type DeathCertificate, type Kill, newStartId, type Outcome } from '@millrace/core';
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
import type { ConsumerOptions, TakenJob } from './types/consumer.ts';
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

const field = (id: string, name: string) => bench.redis.hget(queueKeys(bench.prefix, 'work').job(id), name);

async function one(): Promise<string> {
  const added = await queue.add(jobs(1, { n: 1 }));
  return added.kind === 'accepted' ? (added.ids[0] as string) : '';
}

/** A start takes all that waits, dies with it, and is fenced and reclaimed; what it was given to run. */
async function dies(
  over: Partial<DeathCertificate>,
  options: Partial<ConsumerOptions> = {},
): Promise<{ startId: string; jobs: TakenJob[] }> {
  const hold = gate();
  const startId = newStartId('pod');
  const waiting = (await queue.snapshot()).depth;
  const consumer = bench.consumer({ startId, run: hold.run, ...options });
  await consumer.start();
  await until(() => hold.started.size === waiting, 'all run');
  await store.supervision.fence('work', startId);
  const certificate = certificateOf(startId, over);
  await store.supervision.reclaim('work', { startId, certificate });
  await consumer.stop();
  return { startId, jobs: [...hold.started.values()].map(({ job }) => job) };
}

const killed = (over: Partial<Kill> = {}): Outcome => ({
  kind: 'killed',
  kill: {
    ...{ atMs: 5, worker: 'pod.x', cause: 'crash', exitCode: 134, exitSignal: null, isolated: true },
    ...{ lastLines: ['Fatal'], peakRssBytes: 9, memoryLimitBytes: null, coRunners: [], beats: [], ...over },
  },
});

describe('a worker’s death', () => {
  test('makes suspects at once when a job did it, at the second time when nobody knows, never when it was ordered', async () => {
    const id = await one();
    await dies({ cause: 'ordered', blame: 'none' });
    expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false });
    await dies({ cause: 'killed', blame: 'unknown' });
    expect(await queue.job(id)).toMatchObject({ kills: 1, suspect: false });
    const second = await dies({ cause: 'killed', blame: 'unknown' });
    expect(second.jobs[0]?.suspect).toBe(false);
    expect(await queue.job(id)).toMatchObject({ kills: 2, suspect: true, attemptsMade: 0 });
    const crash = await one();
    await bench.redis.lrem(queueKeys(bench.prefix, 'work').wait, 1, id);
    await dies({ cause: 'crash', blame: 'jobs' });
    expect(await queue.job(crash)).toMatchObject({ kills: 1, suspect: true });
  });

  test('is not counted against who ran alone in it, but not for ever', async () => {
    const id = await one();
    await dies({ blame: 'jobs' });
    for (let death = 0; death < 9; death++) {
      const { jobs } = await dies({ blame: 'jobs' });
      expect(jobs.map(({ suspect }) => suspect)).toEqual([true]);
    }
    expect(await queue.job(id)).toMatchObject({ kills: 1, suspect: true });
    await dies({ blame: 'jobs' });
    const ran: string[] = [];
    await bench.consumer({ run: async (job) => ({ kind: 'ok', value: ran.push(job.id) }) }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is failed unrun');
    expect(ran).toEqual([]);
    expect(await queue.deadLetter(id)).toMatchObject({
      reason: 'poison',
      error: 'poison: 10 workers died while it ran alone in them',
      kills: [{ isolated: false }],
    });
  });

  test('is forgotten when the suspect ends in any other way, and costs it no attempt', async () => {
    const id = await one();
    await dies({ blame: 'jobs' });
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
    await dies({ blame: 'jobs' });
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
      const { jobs } = await dies({ blame: 'jobs' });
      expect(jobs[0]?.suspect).toBe(false);
    }
    expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false });
    await bench.consumer({ run: async () => killed() }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'a kill is an ordinary failure');
    expect(await queue.job(id)).toMatchObject({ error: 'its process died: crash, exit code 134', kills: 0 });
  });
});

describe('a job that kills the process it runs in alone', () => {
  test('is dead-lettered at the third kill, with the evidence of each and who ran beside it', async () => {
    await queue.registerReader('r');
    const other = store.queue('other');
    await store.board.addQueueName('other');
    await other.add(jobs(1));
    const [id, neighbour] = [await one(), await one()];
    const startId = newStartId('pod');
    const holds = [gate(), gate()] as const;
    const both = [
      bench.consumer({ startId, run: holds[0].run }),
      bench.consumer({ startId, queue: 'other', run: holds[1].run }),
    ];
    await Promise.all(both.map((consumer) => consumer.start()));
    await until(() => holds[0].started.size === 2 && holds[1].started.size === 1, 'three run');
    const certificate = certificateOf(startId, {
      ...{ cause: 'oom', blame: 'jobs', exitCode: 134, lastLines: ['heap'], peakRssBytes: 7, diedAtMs: 42.5 },
    });
    for (const name of ['work', 'other']) {
      await store.supervision.fence(name, startId);
      await store.supervision.reclaim(name, { startId, certificate });
    }
    await Promise.all(both.map((consumer) => consumer.stop()));

    const order: string[] = [];
    const run = async (job: TakenJob): Promise<Outcome> => {
      order.push(job.id);
      return job.id === id ? killed() : { kind: 'ok', value: null };
    };
    await bench.consumer({ concurrency: 1, run }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is dead');
    await until(async () => (await queue.snapshot()).counts.completed === 1, 'the innocent is done');
    // Back at the head each time.
    expect(order).toEqual([id, id, neighbour]);
    expect(await queue.job(id)).toMatchObject({ attemptsMade: 1, kills: 3, suspect: true });
    expect((await queue.job(id))?.attempts.map(({ outcome }) => outcome)).toEqual([
      'killed',
      'killed',
      'failed',
    ]);
    const letter = await queue.deadLetter(id);
    expect(letter).toMatchObject({
      reason: 'poison',
      error: 'poison: killed its process 3 times; last: crash, exit code 134',
    });
    expect(letter?.kills).toMatchObject([
      {
        ...{ worker: startId, start: 1, isolated: false, cause: 'oom', atMs: 42.5, lastLines: ['heap'] },
        ...{
          peakRssBytes: 7,
          coRunners: [
            { queue: 'work', id: neighbour },
            { queue: 'other', id: '1' },
          ],
        },
      },
      { start: 2, isolated: true, lastLines: ['Fatal'], peakRssBytes: 9 },
      { start: 3, isolated: true },
    ]);
    const { entries } = await queue.readLedger('r', null, 100);
    expect(entries.filter((entry) => entry.id === id).map(({ outcome }) => outcome)).toEqual([
      ...['killed', 'killed', 'failed'],
    ]);
  });

  test('keeps its evidence though the store has forgotten the deaths', async () => {
    const id = await one();
    const { startId } = await dies({ blame: 'jobs', exitSignal: 'SIGSEGV' });
    await bench.consumer({ run: async () => killed() }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is dead');
    const keys = queueKeys(bench.prefix, 'work');
    expect(await bench.redis.pttl(keys.death(startId))).toBeGreaterThan(6 * 86_400_000);
    await bench.redis.del(keys.death(startId), keys.deathOrphans(startId));
    expect((await queue.deadLetter(id))?.kills[0]).toMatchObject({ exitSignal: 'SIGSEGV' });
  });

  test('is killed once a start, whoever tells it and how often', async () => {
    const id = await one();
    const hold = gate();
    const startId = newStartId('pod');
    await bench.consumer({ startId, run: hold.run }).start();
    await until(() => hold.started.size === 1, 'it runs');
    hold.finishAll(killed());
    await until(() => hold.started.get(id)?.job.fence === 2, 'it runs again');
    expect(await queue.job(id)).toMatchObject({ kills: 1, suspect: true });
    expect(hold.started.get(id)?.job.suspect).toBe(true);
    await store.supervision.fence('work', startId);
    hold.started.get(id)?.finish(killed());
    await until(async () => (await store.supervision.refusalsOf(['work'], startId)) > 0, 'it is refused');
    expect(await queue.job(id)).toMatchObject({ kills: 1 });
  });

  test('is still bounded when its worker dies between the last kill and the verdict', async () => {
    const id = await one();
    const keys = queueKeys(bench.prefix, 'work');
    await bench.redis.hset(keys.job(id), { mrKills: 3, mrSuspect: '1' });
    await dies({ blame: 'jobs' });
    await bench.consumer().start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is failed unrun');
    expect(await queue.deadLetter(id)).toMatchObject({
      reason: 'poison',
      error: 'poison: killed its process 3 times',
    });
  });
});

describe('with no supervisor at all', () => {
  test('the stalled check makes suspects too, so that a poison job is bounded', async () => {
    const id = await one();
    const keys = queueKeys(bench.prefix, 'work');
    const stock = new Queue('work', { connection: bench.redis, prefix: bench.prefix });
    // A death that nobody saw: the job is active, its lock is gone. Two looks of the check send it back.
    const vanish = async () => {
      await bench.redis.rpoplpush(keys.wait, keys.active);
      await bench.redis.hset(keys.job(id), 'pb', 'pod.gone', 'ats', 1);
      await bench.redis.sadd(keys.stalled, id);
      await bench.redis.del(keys.job('stalled-check'));
      const hold = bench.consumer({ concurrency: 1, run: gate().run });
      await hold.connect();
      await hold.start();
      await until(async () => (await field(id, 'ats')) === '2', 'it was sent back and taken');
      await hold.handBack('test');
      await hold.stop();
    };
    await vanish();
    expect(await queue.job(id)).toMatchObject({ kills: 1, suspect: false });
    await vanish();
    expect(await queue.job(id)).toMatchObject({ kills: 2, suspect: true });
    await bench.consumer({ run: async () => killed() }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is dead');
    expect((await queue.deadLetter(id))?.kills).toMatchObject([
      { worker: 'pod.gone', lastLines: [expect.stringContaining('stalled check')] },
      { worker: 'pod.gone' },
      { isolated: true },
    ]);
    await stock.close();
  });
});

describe('an operator’s retry of a dead letter', () => {
  test('forgets its kills but lets poison run alone', async () => {
    const id = await one();
    let alone: boolean | undefined;
    const run = async ({ suspect, fence }: TakenJob): Promise<Outcome> => {
      if (fence <= 3) return killed();
      alone = suspect;
      return { kind: 'ok', value: null };
    };
    await bench.consumer({ run }).start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is dead');
    expect(await queue.retry(id)).toBe(true);
    await until(async () => (await queue.job(id))?.state === 'completed', 'it is done');
    expect(alone).toBe(true);
    expect(await queue.job(id)).toMatchObject({ kills: 0, suspect: false });
    expect(await queue.deadLetter(id)).toBeNull();
  });
});
