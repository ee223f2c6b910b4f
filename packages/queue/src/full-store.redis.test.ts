import type { Outcome } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { killed } from '../../../tests/support/deaths.ts';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import { startStore } from '../../../tests/support/store-setup.ts';
import { queueKeys } from './keys.ts';
import type { BoundedQueue } from './types/queue.ts';

let own: Awaited<ReturnType<typeof startStore>>;
let bench: QueueBench;
let queue: BoundedQueue;
beforeEach(async () => {
  own = await startStore();
  bench = queueBench('', { url: `redis://127.0.0.1:${own.port}` });
  queue = (await bench.store('patient')).queue('work');
});
afterEach(async () => {
  await bench.close();
  await own.stop();
});

/** A job with `kills` runs, and then the store is full; this lets it end. */
async function runsIntoFullStore(kills: number): Promise<{ id: string; end(outcome: Outcome): void }> {
  const added = await queue.add(jobs(1).map((job) => ({ ...job, opts: { attempts: 2 } })));
  const id = added.kind === 'accepted' ? (added.ids[0] as string) : '';
  const lines = `${JSON.stringify({ d: 'pod.gone', s: 1, a: 1 })}\n`.repeat(kills);
  await bench.redis.hset(queueKeys(bench.prefix, 'work').job(id), {
    ...{ mrKills: kills, mrSuspect: '1', mrKilledBy: lines },
  });
  const hold = gate();
  await bench.consumer({ run: hold.run }).start();
  await until(() => hold.started.size === 1, 'it runs');
  await bench.redis.config('SET', 'maxmemory', 1);
  return { id, end: hold.finishAll };
}

test('a full store counts a kill, and the job goes back', async () => {
  const { id, end } = await runsIntoFullStore(1);
  end(killed());
  await until(async () => (await queue.job(id))?.state === 'waiting', 'it is back');
  expect(await queue.job(id)).toMatchObject({ kills: 2, suspect: true, attemptsMade: 0 });
});

test('poison is dead-lettered also where the store has no room for its evidence', async () => {
  const { id, end } = await runsIntoFullStore(2);
  end(killed());
  await until(async () => (await queue.job(id))?.state === 'failed', 'it is dead');
  expect(await queue.deadLetter(id)).toMatchObject({
    reason: 'poison',
    error: 'poison: killed its process 3 times; last: crash, exit code 134',
    kills: [{ worker: 'pod.gone' }, { worker: 'pod.gone' }, { isolated: true }],
  });
});
