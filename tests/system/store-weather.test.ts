import { systemClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { type OwnStore, ownStore } from '../support/own-store.ts';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { startPod, type TestPod } from '../support/worker-pod.ts';

const open: { store?: OwnStore; queues?: QueueBench; pod?: TestPod } = {};
afterEach(async () => {
  await open.pod?.close();
  await open.queues?.close();
  await open.store?.close();
});

/** A pod that may not restart anything, over a store of its own. */
async function frailPod() {
  const store = await ownStore();
  open.store = store;
  const queues = queueBench('', store);
  open.queues = queues;
  const yaml = `
worker: {processes: 2, standby: 1, healthPort: 0, cpuThreads: 1}
supervision: {beatMs: 50, intensity: 0}
drain: {timeoutMs: 60000, noticeMs: 500}
`;
  const pod = await startPod(yaml, { prefix: queues.prefix, redisUrl: store.url });
  open.pod = pod;
  const { redis } = queues;
  const client = await queues.store('patient');
  const add = async (count: number, ms: number) => {
    const jobs = Array.from({ length: count }, () => ({ name: 'wait', data: { ms }, opts: {} }));
    const added = await client.queue('slow').add(jobs);
    if (added.kind !== 'accepted') throw new Error(added.kind);
  };
  const completed = () => redis.zcard(`${queues.prefix}:slow:completed`);
  /** They come every 50 ms. */
  const beats = (count: number, what: string) => {
    const seen = pod.heard.podBeats.length;
    return until(() => pod.heard.podBeats.length > seen + count, what);
  };
  const used = () => pod.heard.podBeats.at(-1)?.restartsUsed;
  return { store, pod, add, completed, beats, used };
}

test('a store that dies, freezes and comes back costs no restart, whatever the processes were doing', async () => {
  const { store, pod, add, completed, beats, used } = await frailPod();
  const processes = pod.active().length;
  const standsBy = async () => (await pod.get('/metrics')).body.includes('\nmillrace_pod_standbys 1\n');
  await until(standsBy, 'the standby is warm');
  await add(20, 300);
  await until(() => pod.active().some(({ busy }) => busy > 0), 'jobs run');
  await store.kill();

  // A successor that loads, and one that takes its first slot, while there is no store.
  const { id } = pod.inSlot(0);
  pod.links.order(pod.id, { type: 'kill', worker: id, by: 'test' });
  await until(() => pod.heard.exits.some(({ worker }) => worker === id), 'the killed one is gone');
  await until(() => pod.active().length === processes, 'its slot is held again');
  await until(() => pod.heard.hellos.length >= 5, 'the next standby says hello');
  await beats(60, 'the outage outlasts every deadline');
  await store.start();
  await add(5, 1);
  await until(async () => (await completed()) >= 5, 'jobs complete again');

  store.signal('SIGSTOP');
  await beats(60, 'the freeze outlasts every deadline');
  store.signal('SIGCONT');
  const before = await completed();
  await add(5, 1);
  await until(async () => (await completed()) >= before + 5, 'jobs complete after the freeze');

  expect(pod.heard.exits.map(({ worker }) => worker)).toEqual([id]);
  expect(used()).toBe(0);
  expect(pod.child.exitCode).toBeNull();
});

/** Idle, it has nothing to wait for: 2 s by itself, and as much for a busy machine. */
const IDLE_END_MS = 4_000;

test.each(['killed', 'frozen'])(
  'an idle pod ends at once when it is told to, with its store %s and no supervisor there',
  async (how) => {
    const { store, pod, add, completed } = await frailPod();
    await add(3, 1);
    await until(async () => (await completed()) === 3, 'it has worked');
    if (how === 'killed') await store.kill();
    else store.signal('SIGSTOP');
    await pod.links.stop();
    const toldAtMs = systemClock.monotonicMs();
    process.kill(pod.pid, 'SIGTERM');
    expect(await pod.exit).toEqual({ code: 0, signal: null });
    expect(systemClock.monotonicMs() - toldAtMs).toBeLessThan(IDLE_END_MS);
  },
  30_000,
);

test('a pod that is told to end keeps its jobs while the store is away, and their ends are told when it is back', async () => {
  const { store, pod, add, completed, beats } = await frailPod();
  await add(2, 1_000);
  await until(() => pod.active().reduce((sum, { busy }) => sum + busy, 0) === 2, 'jobs run');
  await store.kill();
  process.kill(pod.pid, 'SIGTERM');
  await beats(80, 'the jobs have ended, and more than an idle pod would wait has passed');
  expect(pod.child.exitCode).toBeNull();
  await store.start();
  expect(await pod.exit).toEqual({ code: 0, signal: null });
  expect(await completed()).toBe(2);
});
