import type { StoredJob } from '@millrace/queue';
import { afterEach, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { startPod, type TestPod } from '../support/worker-pod.ts';

const LANES = ['io', 'cpu', 'alone'] as const;
const DRAIN = { timeoutMs: 3_000, noticeMs: 1_500 };
const YAML = `
worker: {processes: 1, standby: 0, healthPort: 0, cpuThreads: 2}
supervision: {beatMs: 50}
drain: ${JSON.stringify(DRAIN)}
`;

const open: { queues?: QueueBench; pod?: TestPod } = {};

async function setup() {
  const queues = queueBench();
  open.queues = queues;
  const store = await queues.store('patient');
  const view = (queue: string, id: string) => store.queue(queue).job(id);
  return {
    queues,
    view,
    async start(): Promise<TestPod> {
      open.pod = await startPod(YAML, { prefix: queues.prefix });
      return open.pod;
    },
    async add(queue: string, name: string, data: unknown): Promise<string> {
      const result = await store.queue(queue).add([{ name, data: data as never, opts: {} }]);
      if (result.kind !== 'accepted') throw new Error(result.kind);
      return result.ids[0] as string;
    },
    says: (queue: string, id: string, progress: unknown) =>
      until(async () => (await view(queue, id))?.progress === progress, `${queue}/${id} says ${progress}`),
    /** The job that the next take of the queue gets. */
    head: async (queue: string) => (await queues.redis.lrange(`${queues.prefix}:${queue}:wait`, -1, -1))[0],
    counts: (queue: string, id: string) =>
      queues.redis.hmget(`${queues.prefix}:${queue}:${id}`, 'atm', 'stc', 'mrKills'),
  };
}

async function drain(pod: TestPod): Promise<number> {
  const startedMs = Date.now();
  process.kill(pod.pid, 'SIGTERM');
  await until(() => pod.heard.podBeats.at(-1)?.state === 'draining', 'the pod drains');
  return startedMs;
}

afterEach(async () => {
  await open.pod?.close();
  await open.queues?.close();
  for (const key of ['pod', 'queues'] as const) delete open[key];
});

test('every lane is told at T-x; who finishes then has finished, who does not goes to the head, uncounted', async () => {
  const { start, add, says, view, head, counts } = await setup();
  const pod = await start();
  const jobs = await Promise.all(
    LANES.map(async (lane) => ({
      queue: `told-${lane}`,
      stays: await add(`told-${lane}`, 'told', { finish: false }),
      finishes: await add(`told-${lane}`, 'told', { finish: true }),
    })),
  );
  for (const { queue, stays, finishes } of jobs) {
    await says(queue, stays, 'waits');
    await says(queue, finishes, 'waits');
  }
  const drainedMs = await drain(pod);
  for (const { queue } of jobs) await add(queue, 'told', { finish: true });
  expect(await pod.exit).toEqual({ code: 0, signal: null });
  for (const { queue, stays, finishes } of jobs) {
    expect(await view(queue, finishes)).toMatchObject({ state: 'completed', result: 'finished' });
    const left = (await view(queue, stays)) as StoredJob;
    expect(left).toMatchObject({ state: 'waiting', attemptsMade: 0, progress: { why: 'draining' } });
    const { toldAtMs } = left.progress as { toldAtMs: number };
    const afterMs = toldAtMs - drainedMs;
    expect(afterMs).toBeGreaterThanOrEqual(DRAIN.timeoutMs - DRAIN.noticeMs - 50);
    expect(afterMs).toBeLessThan(DRAIN.timeoutMs);
    expect(await head(queue)).toBe(stays);
    expect(await counts(queue, stays)).toEqual([null, null, null]);
  }
});

test('suspects run two at a time, and those that wait for their turn go back when the others are told', async () => {
  const { queues, start, add, view, counts } = await setup();
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const id = await add('slow', 'wait', { ms: 60_000 });
    await queues.redis.hset(`${queues.prefix}:slow:${id}`, 'mrSuspect', '1');
    ids.push(id);
  }
  const pod = await start();
  const { pid } = pod.inSlot(0);
  await until(async () => (await pod.childrenOf(pid)).length === 2, 'two run alone');
  const active = async () => (await Promise.all(ids.map((id) => view('slow', id)))).map((job) => job?.state);
  await until(async () => (await active()).every((state) => state === 'active'), 'all are taken');
  expect((await pod.childrenOf(pid)).length).toBe(2);
  await drain(pod);
  expect(await pod.exit).toEqual({ code: 0, signal: null });
  expect(await active()).toEqual(['waiting', 'waiting', 'waiting']);
  for (const id of ids) {
    expect(await counts('slow', id)).toEqual([null, null, null]);
    expect(await queues.redis.hget(`${queues.prefix}:slow:${id}`, 'mrSuspect')).toBe('1');
  }
});
