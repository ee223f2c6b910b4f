import {
  type Circuit,
  type Clock,
  isMillraceError,
  JOB_STATES,
  type JobState,
  type JobView,
  MillraceError,
  messageOf,
} from '@millrace/core';
import { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { Adder } from './add/adder.ts';
import { drainPerSecond } from './add/retry-after.ts';
import { clientBackends } from './backend/factory.ts';
import type { MillraceBackend } from './backend/millrace-backend.ts';
import { runScript } from './connection/client.ts';
import { results } from './connection/results.ts';
import { createDeadLetters } from './dead-letters/dead-letters.ts';
import { jobView } from './job-view.ts';
import { type QueueKeys, queueKeys } from './keys.ts';
import { endReader, readLedger, registerReader } from './ledger.ts';
import type { BoundedQueue, JobPage, QueueSnapshot } from './types/queue.ts';

/** Runs a call against the store with the profile's deadline and error mapping. */
export type Guarded = <T>(call: () => Promise<T>) => Promise<T>;

export interface BoundedQueueOptions {
  readonly name: string;
  readonly prefix: string;
  readonly bound: number;
  readonly maxBytes: number;
  readonly client: Redis;
  readonly clock: Clock;
  readonly guarded: Guarded;
}

/** Lists hold waiting and active jobs; everything else is a sorted set. Newest first. */
const STATE_KEYS: Readonly<Record<JobState, { key: keyof QueueKeys; list: boolean }>> = {
  waiting: { key: 'wait', list: true },
  active: { key: 'active', list: true },
  prioritized: { key: 'prioritized', list: false },
  delayed: { key: 'delayed', list: false },
  completed: { key: 'completed', list: false },
  failed: { key: 'failed', list: false },
  'waiting-children': { key: 'waitingChildren', list: false },
};

/** Queues this, so that BullMQ's Queue is made only for the operations that need it. */
function stockQueue(options: BoundedQueueOptions): Queue {
  const { name, prefix, client } = options;
  const queue = new Queue(
    name,
    { connection: client, prefix, skipMetasUpdate: true },
    clientBackends(client),
  );
  // Connection errors reach every caller through its own call.
  queue.on('error', () => undefined);
  return queue as Queue;
}

/** See {@link BoundedQueue}. */
export function createBoundedQueue(options: BoundedQueueOptions): BoundedQueue {
  const { name, client, clock, guarded } = options;
  const keys = queueKeys(options.prefix, name);
  const stock = stockQueue(options);
  const backend = stock.getBackend() as unknown as MillraceBackend;
  const adder = new Adder({
    keys,
    clock,
    bound: options.bound,
    maxBytes: options.maxBytes,
    send: (args) => guarded(() => runScript(client, 'add', args)),
  });

  const dead = createDeadLetters({ name, prefix: options.prefix, client, clock, adder });

  async function stateOf(
    id: string,
  ): Promise<{ state: JobState | 'unknown'; fields: Record<string, string> }> {
    const pipeline = client.pipeline().hgetall(keys.job(id));
    for (const state of JOB_STATES) {
      const { key, list } = STATE_KEYS[state];
      if (list) pipeline.lpos(keys[key] as string, id);
      else pipeline.zscore(keys[key] as string, id);
    }
    const [fields, ...found] = await results(pipeline.lpos(keys.paused, id)).catch((error: unknown) => {
      // A job's key may be any name, and so the name of one of the queue's own keys: that is no job.
      if (/^WRONGTYPE/.test(messageOf(error))) return [{}];
      throw error;
    });
    if ((fields as Record<string, string>).timestamp === undefined) return { state: 'unknown', fields: {} };
    const index = found.findIndex((value) => value !== null);
    const state = index === JOB_STATES.length ? 'waiting' : (JOB_STATES[index] ?? 'unknown');
    return { state, fields: fields as Record<string, string> };
  }

  async function idsOf(state: JobState, from: number, to: number): Promise<string[]> {
    const { key, list } = STATE_KEYS[state];
    return list
      ? client.lrange(keys[key] as string, from, to)
      : client.zrevrange(keys[key] as string, from, to);
  }

  async function page(state: JobState, cursor: string | null, limit: number): Promise<JobPage> {
    const from = cursor === null ? 0 : Number(cursor);
    const ids = await idsOf(state, from, from + limit - 1);
    const pipeline = client.pipeline();
    for (const id of ids) pipeline.hgetall(keys.job(id));
    const jobs: JobView[] = [];
    for (const [index, fields] of (await results(pipeline)).entries()) {
      const id = ids[index];
      // A job may have been removed between the two reads.
      if (id !== undefined && Object.keys(fields as object).length > 0) {
        jobs.push(jobView(name, id, state, fields as Record<string, string>));
      }
    }
    return { jobs, cursor: ids.length < limit ? null : String(from + limit) };
  }

  /** Runs an operator's call on a job; `states` says where the job must be. False when there is no such job. */
  async function onJob(
    id: string,
    states: readonly JobState[],
    act: (job: Job, state: JobState) => Promise<unknown>,
  ): Promise<boolean> {
    const { state, fields } = await stateOf(id);
    if (Object.keys(fields).length === 0) return false;
    if (!states.includes(state as JobState)) {
      throw new MillraceError(
        'wrong_state',
        `job ${id} is ${state}; this needs a job that is ${states.join(' or ')}`,
      );
    }
    const job = await Job.fromId(stock, id);
    if (!job) return false;
    try {
      await act(job, state as JobState);
      return true;
    } catch (error) {
      if (isMillraceError(error)) throw error;
      throw new MillraceError('wrong_state', `job ${id} changed its state meanwhile; look at it again`, {
        cause: error,
      });
    }
  }

  return {
    name,
    add: (jobs, idempotency) => adder.add(jobs, idempotency),
    snapshot: () => guarded(() => snapshot(options, keys)),
    job: (id) =>
      guarded(async () => {
        const { state, fields } = await stateOf(id);
        return Object.keys(fields).length === 0 ? null : jobView(name, id, state, fields);
      }),
    jobs: (state, cursor, limit) => guarded(() => page(state, cursor, Math.min(limit, 1_000))),
    pause: () => guarded(() => backend.pause(true)),
    resume: () => guarded(() => backend.pause(false)),
    setBound: (bound) =>
      guarded(async () => void (await client.hset(keys.accounts.policy, { bound, maxDepth: 0 }))),
    setConcurrency: (concurrency) =>
      guarded(async () => {
        if (concurrency === null) await client.hdel(keys.meta, 'concurrency');
        else await client.hset(keys.meta, 'concurrency', concurrency);
        // A raised limit must wake somebody who was held back by the old one.
        await client.zadd(keys.marker, 0, '0');
      }),
    remove: (id) =>
      guarded(() =>
        onJob(
          id,
          JOB_STATES.filter((state) => state !== 'active'),
          async (job) => {
            if ((await backend.remove(job.id as string, true)) === 0) {
              throw new MillraceError('wrong_state', `job ${id} is running; wait for it or kill its worker`);
            }
          },
        ),
      ),
    retry: (id) =>
      guarded(() => onJob(id, ['failed', 'completed'], (job, state) => retryFinished(job, state, backend))),
    promote: (id) => guarded(() => onJob(id, ['delayed'], () => backend.promote(id))),
    deadLetters: (cursor, limit) => guarded(() => dead.deadLetters(cursor, limit)),
    deadLetter: (id) => guarded(() => dead.deadLetter(id)),
    replay: (id) => guarded(() => dead.replay(id)),
    discard: (id) => guarded(() => dead.discard(id)),
    registerReader: (reader) => guarded(() => registerReader(client, keys, reader, clock.nowMs())),
    readLedger: (reader, cursor, limit) =>
      guarded(() => readLedger(client, keys, { reader, cursor, limit, nowMs: clock.nowMs() })),
    endReader: (reader) => guarded(() => endReader(client, keys, reader, clock.nowMs())),
  };
}

async function retryFinished(job: Job, state: JobState, backend: MillraceBackend): Promise<void> {
  await backend.retryFinishedJob(job, state as 'completed' | 'failed', { resetAttemptsMade: true });
}

async function snapshot(options: BoundedQueueOptions, keys: QueueKeys): Promise<QueueSnapshot> {
  const { client, clock, name } = options;
  const args = [
    keys.wait,
    keys.paused,
    keys.prioritized,
    keys.delayed,
    keys.active,
    keys.completed,
    keys.failed,
  ];
  const reply = (await runScript(client, 'snapshot', [
    ...args,
    keys.waitingChildren,
    keys.meta,
    ...keys.accountList,
    keys.prefix,
  ])) as (string | number)[];
  const at = (index: number) => Number(reply[index] ?? 0);
  const or = (index: number, fallback: number) => (reply[index] === '' ? fallback : at(index));
  const nowMs = clock.nowMs();
  const waiting = at(0) + at(1);
  const counts = {
    waiting,
    prioritized: at(2),
    delayed: at(3),
    active: at(4),
    completed: at(5),
    failed: at(6),
    'waiting-children': at(7),
  };
  const marks = {
    takes: at(15),
    lastTakeMs: at(16),
    recent: { atMs: at(17), takes: at(18) },
    older: { atMs: at(19), takes: at(20) },
  };
  return {
    name,
    paused: at(8) === 1,
    counts,
    depth: waiting + counts.prioritized + counts.delayed,
    bound: or(11, options.bound),
    bytes: at(13),
    maxBytes: or(12, options.maxBytes),
    maxDepth: at(14),
    oldestWaitingMs: reply[10] === '' ? null : Math.max(nowMs - at(10), 0),
    drainPerSecond: drainPerSecond(marks, nowMs),
    concurrency: reply[9] === '' ? null : at(9),
    refused: at(21),
    circuit: reply[22] ? (JSON.parse(String(reply[22])) as Circuit) : null,
  };
}
