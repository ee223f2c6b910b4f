import { afterEach, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { startPod, type TestPod } from '../support/worker-pod.ts';

const YAML = `
worker: {processes: 1, standby: 0, healthPort: 0, cpuThreads: 1, lockMs: 6000}
supervision: {beatMs: 50}
`;

const open: { queues?: QueueBench; pod?: TestPod } = {};

afterEach(async () => {
  await open.pod?.close();
  await open.queues?.close();
  for (const key of ['pod', 'queues'] as const) delete open[key];
});

test('a handler that blocks the event loop is named in the log, and no job of the process is lost for it', async () => {
  const queues = queueBench();
  open.queues = queues;
  const store = await queues.store('patient');
  const pod = await startPod(YAML, { prefix: queues.prefix });
  open.pod = pod;
  const view = (queue: string, id: string) => store.queue(queue).job(id);
  const add = async (queue: string, name: string, data: object) => {
    const result = await store.queue(queue).add([{ name, data: data as never, opts: {} }]);
    return result.kind === 'accepted' ? (result.ids[0] as string) : '';
  };
  const beside = await add('slow', 'wait', { ms: 5_000 });
  await until(async () => (await view('slow', beside))?.state === 'active', 'the job beside it runs');
  const stall = await add('bad', 'stall', { ms: 3_500 });
  for (const [queue, id] of [
    ['bad', stall],
    ['slow', beside],
  ] as const) {
    await until(async () => (await view(queue, id))?.state === 'completed', `${queue}/${id} is completed`);
    expect(await view(queue, id)).toMatchObject({ attemptsMade: 1 });
  }
  await until(() => pod.stderr().includes('The event loop stood still'), 'the log says so');
  const line =
    pod
      .stderr()
      .split('\n')
      .find((text) => text.includes('The event loop stood still')) ?? '';
  expect(JSON.parse(line)).toMatchObject({
    candidates: [`bad/stall (job ${stall})`, `slow/wait (job ${beside})`],
  });
  expect(pod.stderr()).not.toContain('lost the lock');
  expect(pod.heard.exits).toEqual([]);
});
