import { newStartId, type Outcome } from '@millrace/core';
import { Queue } from 'bullmq';
import { queueKeys } from '../../packages/queue/src/keys.ts';
import { gate, jobs, type QueueBench, queueBench, until } from './queue.ts';
import { testStore } from './store.ts';

export const ok = (value: unknown = null): Outcome => ({ kind: 'ok', value: value as never });

/** The queue `work`, as ours and as stock BullMQ sees it. */
export type CompletionBench = Awaited<ReturnType<typeof completionBench>>;

export async function completionBench(yaml = '') {
  const bench: QueueBench = queueBench(yaml);
  const store = await bench.store('patient');
  const queue = store.queue('work');
  const { hostname, port } = new URL(testStore().url);
  const stockOptions = { prefix: bench.prefix, connection: { host: hostname, port: Number(port) } };
  const stock = new Queue('work', stockOptions);
  return {
    ...{ bench, store, queue, stock, stockOptions, keys: queueKeys(bench.prefix, 'work') },
    /** Adds `n` jobs; their ids. */
    async ids(n: number): Promise<string[]> {
      const added = await queue.add(jobs(n));
      return added.kind === 'accepted' ? [...added.ids] : [];
    },
    /** A consumer that holds `n` jobs. */
    async holding(n: number) {
      const hold = gate();
      const startId = newStartId('pod');
      const consumer = bench.consumer({ startId, concurrency: n, run: hold.run });
      await consumer.start();
      await until(() => hold.started.size === n, `it holds ${n}`);
      return { hold, startId, consumer };
    },
    async close() {
      await stock.close();
      await bench.close();
    },
  };
}
