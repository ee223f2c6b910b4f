import { afterEach, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { startPod, type TestPod } from '../support/worker-pod.ts';

const BASE = `
http: {healthPort: 0}
worker: {processes: 2, standby: 1, healthPort: 0, cpuThreads: 1}
supervision: {beatMs: 50, suspectMs: 1000}
`;

const bench: { queues?: QueueBench; pod?: TestPod } = {};

async function setup(yaml = '') {
  const queues = queueBench();
  bench.queues = queues;
  const pod = await startPod(yaml || BASE, { prefix: queues.prefix });
  bench.pod = pod;
  const store = await queues.store();
  return { pod, queues, store };
}

afterEach(async () => {
  await bench.pod?.close();
  await bench.queues?.close();
});

test('jobs of every lane run to their results', async () => {
  const { store } = await setup();
  const add = async (queue: string, name: string, data: unknown) => {
    const result = await store.queue(queue).add([{ name, data: data as never, opts: {} }]);
    if (result.kind !== 'accepted') throw new Error(result.kind);
    const [id = ''] = result.ids;
    await until(async () => (await store.queue(queue).job(id))?.finishedAtMs != null, `${queue} is done`);
    return store.queue(queue).job(id);
  };
  expect(await add('quick', 'echo', { n: 1 })).toMatchObject({
    result: { data: { n: 1 }, attempt: 1, fence: 1 },
    progress: { half: true },
  });
  expect(await add('mixed', 'sum', [1, 2, 3])).toMatchObject({ result: { sum: 6 } });
  expect(await add('cpu', 'spin', { ms: 20 })).toMatchObject({ result: { turns: true }, progress: 1 });
  expect(await add('alone', 'isolated', { how: 'return' })).toMatchObject({ progress: 'return' });
});
