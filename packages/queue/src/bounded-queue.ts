import type { Clock } from '@millrace/core';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { Adder } from './add/adder.ts';
import { clientBackends } from './backend/factory.ts';
import type { MillraceBackend } from './backend/millrace-backend.ts';
import { runScript } from './connection/client.ts';
import { createDeadLetters } from './dead-letters/dead-letters.ts';
import { queueDemand } from './demand.ts';
import { createJobOperations } from './job-operations.ts';
import { createJobReader } from './job-reader.ts';
import { queueKeys } from './keys.ts';
import { endReader, readLedger, registerReader } from './ledger.ts';
import { snapshot } from './snapshot.ts';
import type { BoundedQueue } from './types/queue.ts';

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

  const dead = createDeadLetters({ name, prefix: options.prefix, client, adder });
  const reader = createJobReader(client, keys, name);
  const operations = createJobOperations(stock, reader);

  return {
    name,
    add: (jobs, idempotency, context) => adder.add(jobs, idempotency, context),
    snapshot: () => guarded(() => snapshot(options, keys)),
    demand: (leadMs) => guarded(() => queueDemand({ name, client, nowMs: clock.nowMs(), leadMs }, keys)),
    job: (id) => guarded(() => reader.job(id)),
    provenance: (id) => guarded(() => reader.provenance(id)),
    jobs: (state, cursor, limit) => guarded(() => reader.page(state, cursor, Math.min(limit, 1_000))),
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
    remove: (id) => guarded(() => operations.remove(id)),
    retry: (id) => guarded(() => operations.retry(id)),
    promote: (id) => guarded(() => operations.promote(id)),
    deadLetters: (cursor, limit) => guarded(() => dead.deadLetters(cursor, limit)),
    deadLetter: (id) => guarded(() => dead.deadLetter(id)),
    replay: (id, carrierOf) => guarded(() => dead.replay(id, carrierOf)),
    discard: (id) => guarded(() => dead.discard(id)),
    registerReader: (reader) => guarded(() => registerReader(client, keys, reader)),
    readLedger: (reader, cursor, limit) => guarded(() => readLedger(client, keys, { reader, cursor, limit })),
    endReader: (reader) => guarded(() => endReader(client, keys, reader)),
  };
}
