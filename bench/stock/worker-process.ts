/*
 * A process of stock workers: `node worker-process.ts '<StockProcess as JSON>'`. It says `ready` with its workers'
 * ids once all of them consume, and ends when its parent does.
 */
import process from 'node:process';
import { systemClock } from '@millrace/core';
import { compute, parseJobData, planJob } from '@millrace/workload';
import { Worker } from './library.ts';
import type { Variant } from './variants.ts';

/** What a process of stock workers is told. */
export interface StockProcess {
  readonly port: number;
  readonly prefix: string;
  readonly queues: readonly string[];
  /** Workers for each queue, and jobs at once in each of them. */
  readonly workers: number;
  readonly concurrency: number;
  readonly variant: Variant;
}

/** The same work as the shipped handler `workload` does. */
async function work({ data }: { readonly data: unknown }): Promise<{ checksum: number }> {
  const parsed = parseJobData(data);
  if (!parsed.ok) throw new Error('not a job of the workload');
  const plan = planJob(parsed.value.parameters, parsed.value.id);
  const checksum = compute(plan.start, plan.workUnits);
  if (plan.sleepMs > 0) await systemClock.sleep(plan.sleepMs);
  return { checksum };
}

const { port, prefix, queues, workers, concurrency, variant } = JSON.parse(
  process.argv[2] ?? '',
) as StockProcess;
const all = queues.flatMap((queue) =>
  Array.from({ length: workers }, () => {
    const connection = { host: '127.0.0.1', port };
    const worker = new Worker(queue, work, { connection, prefix, concurrency, ...variant });
    worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
    return worker;
  }),
);
process.on('disconnect', () => process.exit(0));
await Promise.all(all.map((worker) => worker.waitUntilReady()));
process.send?.({ type: 'ready', ids: all.map(({ id }) => id) });
