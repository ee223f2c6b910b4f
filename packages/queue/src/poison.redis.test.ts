import { type EndedAttempt, newStartId, type Outcome, systemClock } from '@millrace/core';
import type { Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dies, killed } from '../../../tests/support/deaths.ts';
import {
  certificateOf,
  gate,
  jobs,
  type QueueBench,
  queueBench,
  until,
} from '../../../tests/support/queue.ts';
import { openClient } from './connection/client.ts';
import { recordKill } from './consumer/kill.ts';
import { queueKeys } from './keys.ts';
import type { TakenJob } from './types/consumer.ts';
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

async function one(): Promise<string> {
  const added = await queue.add(jobs(1, { n: 1 }));
  return added.kind === 'accepted' ? (added.ids[0] as string) : '';
}

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
    const { startId } = await dies(bench, store, { blame: 'jobs', exitSignal: 'SIGSEGV' });
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

  test('is killed once though the store’s answer was lost and the kill is told again', async () => {
    const id = await one();
    const hold = gate();
    const startId = newStartId('pod');
    await bench.consumer({ startId, run: hold.run }).start();
    await until(() => hold.started.size === 1, 'it runs');
    const client = openClient(bench.config.redis, 'patient', 'twice');
    const keeper = {
      client,
      prefix: bench.prefix,
      queue: 'work',
      startId,
      poisonKills: 2,
      clock: systemClock,
    };
    const tell = (attemptsStarted: number) => {
      const { kill } = killed() as Extract<Outcome, { kind: 'killed' }>;
      return recordKill(keeper, { id, attemptsStarted } as Job, kill);
    };
    expect(await tell(1)).toBeNull();
    hold.finishAll();
    await until(() => hold.started.get(id)?.job.fence === 2, 'the same start took it again');
    await expect(tell(1)).rejects.toMatchObject({ code: 'lock_lost' });
    expect(await queue.job(id)).toMatchObject({ kills: 1, state: 'active' });
    // At the limit the job stays in hands, and telling it again counts nothing.
    const poison = 'poison: killed its process 2 times; last: crash, exit code 134';
    expect([await tell(2), await tell(2)]).toEqual([poison, poison]);
    expect(await queue.job(id)).toMatchObject({ kills: 2, state: 'active' });
    client.disconnect();
    hold.finishAll();
  });

  test('is still bounded when its worker dies between the last kill and the verdict', async () => {
    const id = await one();
    const keys = queueKeys(bench.prefix, 'work');
    await bench.redis.hset(keys.job(id), { mrKills: 3, mrSuspect: '1' });
    await dies(bench, store, { blame: 'jobs' });
    await bench.consumer().start();
    await until(async () => (await queue.job(id))?.state === 'failed', 'it is failed unrun');
    expect(await queue.deadLetter(id)).toMatchObject({
      reason: 'poison',
      error: 'poison: killed its process 3 times',
    });
  });
});

test('a job in a process of its own has no part in its worker’s death, in that start', async () => {
  const [lone, beside] = [await one(), await one()];
  const hold = gate();
  const startId = newStartId('pod');
  const consumer = bench.consumer({ startId, run: hold.run });
  await consumer.start();
  await until(() => hold.started.size === 2, 'both run');
  const job = hold.started.get(lone)?.job;
  await job?.alone();
  await store.supervision.fence('work', startId);
  await store.supervision.reclaim('work', {
    startId,
    certificate: certificateOf(startId, { blame: 'jobs' }),
  });
  expect(await queue.job(lone)).toMatchObject({ state: 'waiting', kills: 0, suspect: false });
  expect(await queue.job(beside)).toMatchObject({ state: 'waiting', kills: 1, suspect: true });
  // Too late: it is nobody's by now.
  await job?.alone();
  await consumer.stop();
  await dies(bench, store, { blame: 'jobs' });
  expect(await queue.job(lone)).toMatchObject({ kills: 1, suspect: true });
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

test('an attempt that waits for its turn to run alone begins when it does, to the store and to whoever looks on', async () => {
  const id = await one();
  const hold = gate();
  const ended: EndedAttempt[] = [];
  await bench.consumer({ run: hold.run, onAttemptEnd: (attempt) => ended.push(attempt) }).start();
  await until(() => hold.started.size === 1, 'it is taken');
  const held = hold.started.get(id);
  const key = `${bench.prefix}:work:${id}`;
  const takenMs = Number(await bench.redis.hget(key, 'processedOn'));
  await until(() => systemClock.nowMs() > takenMs + 100, 'it has waited');
  await held?.job.alone();
  const aloneMs = Number(await bench.redis.hget(key, 'processedOn'));
  expect(aloneMs).toBeGreaterThan(takenMs + 90);
  hold.finishAll();
  await until(() => ended.length === 1, 'it has ended');
  expect((ended[0]?.startedUs ?? 0) / 1_000).toBeGreaterThan(takenMs + 90);
  expect((await queue.job(id))?.attempts).toMatchObject([{ startedAtMs: aloneMs }]);
});
