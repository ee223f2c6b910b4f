import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { canLimitMemory, type LimitedGroup, limitMemory } from '../support/memory-limit.ts';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { startPod, type TestPod } from '../support/worker-pod.ts';

vi.setConfig({ testTimeout: 120_000 });

const MIB = 1024 * 1024;
const YAML = `
worker: {processes: 1, standby: 1, healthPort: 0, cpuThreads: 1}
supervision: {beatMs: 50}
drain: {timeoutMs: 1000, noticeMs: 100}
`;

let queues: QueueBench;
let pod: TestPod;
let group: LimitedGroup | undefined;
afterEach(async () => {
  await pod.close();
  await group?.end();
  await queues.close();
});

const adjustment = (pid: number) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1'));

test.runIf(canLimitMemory)(
  'a job alone that fills the memory is ended before the kernel ends anybody, and is poison; its neighbours finish',
  async () => {
    queues = queueBench();
    pod = await startPod(YAML, { prefix: queues.prefix, ready: false });
    group = await limitMemory(pod.pid, 500 * MIB);
    await until(() => pod.active().length === 1, 'it runs', 60_000);
    const worker = pod.inSlot(0);
    expect(adjustment(worker.pid)).toBeGreaterThan(adjustment(pod.pid));
    const store = await queues.store('patient');
    const add = async (queue: string, name: string, data: object) => {
      const result = await store.queue(queue).add([{ name, data: data as never, opts: {} }]);
      if (result.kind !== 'accepted') throw new Error(result.kind);
      return result.ids[0] as string;
    };
    const neighbour = await add('slow', 'wait', { ms: 2_000 });
    const gorger = await add('alone', 'isolated', { how: 'gorge' });
    const state = async (queue: string, id: string) => (await store.queue(queue).job(id))?.state;
    await until(async () => (await state('alone', gorger)) === 'failed', 'it is found out', 60_000);
    const letter = await store.queue('alone').deadLetter(gorger);
    expect(letter).toMatchObject({ reason: 'poison' });
    expect(letter?.kills).toHaveLength(3);
    for (const kill of letter?.kills ?? []) {
      expect(kill).toMatchObject({ cause: 'oom', isolated: true, exitSignal: 'SIGKILL' });
      expect(kill.memoryLimitBytes).toBe(500 * MIB);
      expect(kill.peakRssBytes).toBeGreaterThan(150 * MIB);
    }
    await until(async () => (await state('slow', neighbour)) === 'completed', 'its neighbour ends', 30_000);
    expect(group.oomKills()).toBe(0);
    expect(pod.heard.exits).toEqual([]);
    expect(pod.inSlot(0)).toEqual(worker);
  },
);
