import type { Clock } from '@millrace/core';
import { planJob } from '@millrace/workload';
import { jobData, jobParameters } from '../recovery/book.ts';
import { Queue, QueueEvents } from './library.ts';
import { heldBy } from './locks.ts';
import { StockRecord } from './record.ts';

const TICK_MS = 50;
/** The stream must hold every event of a run: a stock queue keeps 10,000. */
const EVENTS_KEPT = 5_000_000;
const KEPT = { count: 1_000 };

/** One stock queue with an open loop of jobs, and what its own event stream told of them. */
export interface StockQueue {
  readonly name: string;
  readonly record: StockRecord;
  offer(rate: number): void;
  /** Offers no more; resolves once the last add was answered. */
  stopOffering(): Promise<void>;
  /** Jobs whose lock is one of these workers', right now. */
  heldBy(ids: readonly string[]): Promise<string[]>;
  readonly offered: number;
  /** XOR of the checksums of all jobs that were offered. */
  readonly seed: number;
  close(): Promise<void>;
}

const atMsOf = (eventId: string) => Number(eventId.split('-')[0]);

/** Opens a queue and reads its events from the first on. */
export async function openStockQueue(
  name: string,
  { port, prefix, seed, clock }: { port: number; prefix: string; seed: number; clock: Clock },
): Promise<StockQueue> {
  const connection = { host: '127.0.0.1', port };
  const queue = new Queue(name, {
    connection,
    prefix,
    streams: { events: { maxLen: EVENTS_KEPT } },
    defaultJobOptions: { removeOnComplete: KEPT, removeOnFail: KEPT },
  });
  const events = new QueueEvents(name, { connection, prefix, lastEventId: '0-0' });
  queue.on('error', () => undefined);
  events.on('error', () => undefined);
  const record = new StockRecord();
  events.on('active', ({ jobId }, id) => record.active(jobId, atMsOf(id)));
  events.on('completed', ({ jobId, returnvalue }, id) => record.completed(jobId, atMsOf(id), returnvalue));
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);

  const data = jobData(name, seed);
  const parameters = jobParameters(seed);
  const underway = new Set<Promise<void>>();
  let timer: { cancel(): void } | undefined;
  let offered = 0;
  const add = async (jobs: readonly { readonly id: number; readonly dueMs: number }[]) => {
    const added = await queue.addBulk(jobs.map(({ id }) => ({ name: 'workload', data: data.of(id) })));
    for (const [i, { id }] of added.entries())
      record.accepted(String(id), (jobs[i] as { dueMs: number }).dueMs);
  };
  return {
    name,
    record,
    seed,
    get offered() {
      return offered;
    },
    offer(rate) {
      const [startMs, startEpochMs] = [clock.monotonicMs(), clock.epochUs() / 1000];
      timer = clock.every(TICK_MS, () => {
        const jobs: { id: number; dueMs: number }[] = [];
        for (; (offered * 1000) / rate <= clock.monotonicMs() - startMs; offered++) {
          const scheduledMs = startEpochMs + (offered * 1000) / rate;
          jobs.push({ id: offered, dueMs: scheduledMs + planJob(parameters, offered).sleepMs });
        }
        if (jobs.length === 0) return;
        const sent = add(jobs).finally(() => underway.delete(sent));
        underway.add(sent);
      });
    },
    async stopOffering() {
      timer?.cancel();
      await Promise.all(underway);
    },
    heldBy: (ids) => heldBy(queue, ids),
    async close() {
      timer?.cancel();
      await Promise.all([events.close(), queue.close()]);
    },
  };
}
