import { type ClusterStatus, newStartId, type Outcome, type Recovery } from '@millrace/core';
import type { Store, TakenJob } from '@millrace/queue';
import { expect } from 'vitest';
import { certificateOf, gate, jobs, type QueueBench, until } from './queue.ts';

/** Handlers by the job's data; what is not here succeeds. */
async function runJob(job: TakenJob): Promise<Outcome> {
  await job.progress(50);
  await job.log('half');
  if (job.data === 'never') return { kind: 'fail', error: new Error('never works'), retry: false };
  if (job.data === 'twice' && job.attempt === 1) {
    return { kind: 'fail', error: new Error('not yet'), retry: true };
  }
  if (job.data === 'later' && job.fence === 1) return { kind: 'snooze', delayMs: 20 };
  return { kind: 'ok', value: { of: job.data as string } };
}

/** Adds, takes and ends jobs in every way, and reads what became of them. */
async function liveAsQueue(bench: QueueBench, store: Store): Promise<void> {
  const queue = store.queue('life');
  await queue.registerReader('life');
  const waiters = store.waiters();
  await waiters.start();
  await waiters.watch('life');
  await bench.consumer({ queue: 'life', run: runJob }).start();
  const kinds = ['good', 'never', 'twice', 'later'];
  const retried = { attempts: 2, backoff: { type: 'fixed', delayMs: 1 } };
  const all = kinds.map((data) => ({ name: 'job', data, opts: data === 'twice' ? retried : {} }));
  const keyed = { key: 'life-1', bodyHash: 'hash' };
  const added = await queue.add(all as never, keyed);
  expect(await queue.add(all as never, keyed)).toMatchObject({ kind: 'accepted', replayed: true });
  const ids = added.kind === 'accepted' ? added.ids : [];
  const within = AbortSignal.timeout(20_000);
  const ends = await Promise.all(ids.map((id) => waiters.wait('life', id, within)));
  expect(ends.map((end) => end?.state)).toEqual(['completed', 'failed', 'completed', 'completed']);
  expect(await queue.job(ids[0] as string)).toMatchObject({ state: 'completed', result: { of: 'good' } });
  expect((await queue.jobs('completed', null, 10)).jobs).toHaveLength(3);
  expect((await queue.deadLetters(null, 10)).letters).toHaveLength(1);
  expect(await queue.replay(ids[1] as string)).toMatchObject({ kind: 'added' });
  await until(async () => (await queue.snapshot()).counts.failed === 2, 'the replay failed too');
  expect(await queue.discard(ids[1] as string)).toBe(true);
  const { entries, gap } = await queue.readLedger('life', null, 100);
  const outcomes = entries.map(({ outcome }) => outcome).sort();
  const completed = ['completed', 'completed', 'completed'];
  expect(outcomes).toEqual([...completed, 'failed', 'failed', 'retried', 'returned']);
  expect(gap).toBe(false);
  await queue.pause();
  await queue.resume();
  await queue.setConcurrency(3);
  await waiters.stop();
}

/** One start dies, another takes over. */
async function liveThroughDeath(bench: QueueBench, store: Store): Promise<void> {
  const queue = store.queue('death');
  const hold = gate();
  const startId = newStartId('pod');
  const dying = bench.consumer({ queue: 'death', startId, concurrency: 3, run: hold.run });
  await dying.start();
  await queue.add(jobs(3));
  await until(() => hold.started.size === 3, 'the first start holds them');
  await store.supervision.rehearse();
  expect(await store.supervision.holders('death')).toEqual([startId]);
  await store.supervision.cutBlockingOf(new Map([[startId, ['death']]]));
  await store.supervision.fence('death', startId);
  const certificate = certificateOf(startId, { cause: 'crash', blame: 'jobs' });
  const { jobIds, eventsAfter } = await store.supervision.reclaim('death', { startId, certificate });
  expect(jobIds).toHaveLength(3);
  await bench.consumer({ queue: 'death', run: runJob }).start();
  const seen = await store.supervision.restarts('death', jobIds, eventsAfter, AbortSignal.timeout(20_000));
  expect(seen.size).toBe(3);
  await until(async () => (await queue.snapshot()).counts.completed === 3, 'the second start ended them');
  await store.supervision.setCircuit('death', { pool: 'p', untilMs: null } as never);
  await store.supervision.setCircuit('death', null);
}

async function liveAsBoard({ board }: Store): Promise<void> {
  const supervisor = { id: 's', pid: 1, startedAtMs: 0, leader: true };
  await board.publishStatus({
    atMs: Date.now(),
    supervisor,
    pods: [],
    workers: [],
    pools: [],
  } as ClusterStatus);
  expect((await board.status())?.supervisor.id).toBe('s');
  await board.saveRecovery({
    ...{ id: 'r', diedAtMs: 1, detectMs: 1, lastOrphanMs: null, state: 'done', orphans: {} },
    certificate: certificateOf('r'),
  } as unknown as Recovery);
  expect(await board.recoveries(10)).toHaveLength(1);
  expect(await board.lead('s', 10_000)).toBe(true);
  expect(await board.saveTree('s', { any: 1 })).toBe(true);
  await board.resign('s');
  await board.addQueueName('life');
  expect(await board.queueNames()).toContain('life');
  await board.sendCommand({ worker: 'nobody', command: 'drain' } as never);
}

/** Does once whatever Millrace does with a store. */
export async function liveThrough(bench: QueueBench): Promise<void> {
  const store = await bench.store('patient');
  await store.check();
  await liveAsQueue(bench, store);
  await liveThroughDeath(bench, store);
  await liveAsBoard(store);
}
