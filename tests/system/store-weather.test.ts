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
