import type { QueueDemand } from '@millrace/core';
import type { Redis } from 'ioredis';
import type { QueueKeys } from './keys.ts';

/** BullMQ's scores of delayed jobs: the time, and room for 4,096 jobs in the same ms. */
const DELAY_SCALE = 0x1000;
/** Of the last completed jobs, how many are asked how long they took. */
const SAMPLE = 20;

export interface DemandOptions {
  readonly name: string;
  readonly client: Redis;
  readonly nowMs: number;
  /** Delayed jobs that are due within this count as due. */
  readonly leadMs: number;
}

/** What a queue asks for, from counts that every store keeps: no scan, about 30 reads in two round trips. */
export async function queueDemand(options: DemandOptions, keys: QueueKeys): Promise<QueueDemand> {
  const { name, client, nowMs, leadMs } = options;
  const dueBefore = (nowMs + leadMs + 1) * DELAY_SCALE - 1;
  const replies = await client
    .pipeline()
    .llen(keys.wait)
    .llen(keys.paused)
    .zcard(keys.prioritized)
    .zcount(keys.delayed, '-inf', dueBefore)
    .llen(keys.active)
    .hmget(keys.meta, 'paused', 'concurrency')
    .hmget(keys.accounts.policy, 'circuit', 'circuitHeld')
    .zrevrange(keys.completed, 0, SAMPLE - 1)
    .exec();
  const [wait, paused, prioritized, due, active, meta, policy, completed] = (replies ?? []).map(
    ([error, reply]) => {
      if (error) throw error;
      return reply;
    },
  );
  const [isPaused, concurrency] = meta as (string | null)[];
  const [circuit, circuitHeld] = policy as (string | null)[];
  return {
    queue: name,
    waiting: Number(wait) + Number(paused) + Number(prioritized),
    delayedDue: Number(due),
    active: Number(active),
    // While a circuit is open the queue is paused by us; a person's pause shows beside it.
    paused: isPaused !== null && (circuit === null || circuitHeld !== null),
    concurrency: concurrency == null ? null : Number(concurrency),
    serviceMs: await meanService(client, keys, completed as string[]),
  };
}

async function meanService(client: Redis, keys: QueueKeys, ids: readonly string[]): Promise<number | null> {
  if (ids.length === 0) return null;
  const pipeline = client.pipeline();
  for (const id of ids) pipeline.hmget(keys.job(id), 'processedOn', 'finishedOn');
  const times = ((await pipeline.exec()) ?? []).flatMap(([, reply]) => {
    const [processedOn, finishedOn] = (reply ?? []) as (string | null)[];
    // One that retention took away meanwhile has none.
    return processedOn && finishedOn ? [Math.max(0, Number(finishedOn) - Number(processedOn))] : [];
  });
  return times.length === 0 ? null : times.reduce((sum, ms) => sum + ms, 0) / times.length;
}
