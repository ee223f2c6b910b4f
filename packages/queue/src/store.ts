import { type Clock, type Config, type Log, lifecycle, messageOf, queueSettings } from '@millrace/core';
import type { Redis } from 'ioredis';
import { createBoard } from './board.ts';
import { createBoundedQueue, type Guarded } from './bounded-queue.ts';
import { healBytes } from './byte-healer.ts';
import { closeClient, openClient, openPlain } from './connection/client.ts';
import { STORE_FORMAT } from './connection/format.ts';
import { asWeather, guardedCall } from './connection/guarded-call.ts';
import { watchRefusals } from './connection/refusals.ts';
import { createStoreCheck } from './connection/store-check.ts';
import { queueKeys } from './keys.ts';
import { dropSilentReaders } from './ledger.ts';
import { poisonKills } from './poison.ts';
import { createQueueSupervision } from './supervision.ts';
import type { BoundedQueue } from './types/queue.ts';
import type { CreateStore, Store, StoreDependencies } from './types/store.ts';
import type { FinalOutcome, OutcomeWaiters } from './types/waiters.ts';
import { createOutcomeWaiters } from './waiters.ts';

/** How often the byte counts of the queues in use are mended, and silent readers of their ledgers dropped. */
const UPKEEP_EVERY_MS = 2_000;
/** Every so many times no count is trusted. */
const THOROUGH_EVERY = 30;

function guardOf(client: Redis, config: Config, { clock, profile }: StoreDependencies): Guarded {
  if (profile === 'patient') {
    return (call) =>
      call().catch((error) => {
        throw asWeather(error);
      });
  }
  return (call) => guardedCall(client, clock, config.http.deadlineMs, call);
}

/** See {@link Store}. */
export const createStore: CreateStore = (config, dependencies): Store => {
  const { clock, log, name, profile, format = STORE_FORMAT } = dependencies;
  const { prefix } = config.redis;
  const client = openClient(config.redis, profile, `millrace:${name}`);
  watchRefusals(client, log);
  const guarded = guardOf(client, config, dependencies);
  const extra = new Set<Redis>();
  const blocking = () => {
    const connection = openPlain(config.redis, `millrace:${name}:wait`);
    connection.on('error', () => undefined);
    connection.once('end', () => extra.delete(connection));
    extra.add(connection);
    return connection;
  };

  const check = createStoreCheck({ client, settings: config.redis, name, clock, format });

  const queues = new Map<string, BoundedQueue>();
  const queue = (queueName: string): BoundedQueue => {
    const known = queues.get(queueName);
    if (known) return known;
    const { bound, maxBytes } = queueSettings(config, queueName);
    const made = createBoundedQueue({ name: queueName, prefix, bound, maxBytes, client, clock, guarded });
    queues.set(queueName, made);
    return made;
  };

  const upkeep = startUpkeep(() => [...queues.keys()], client, prefix, clock, log);
  const life = lifecycle(
    async () => upkeep.start(),
    async () => undefined,
  );
  return {
    start: life.start,
    async stop() {
      await life.stop();
      upkeep.stop();
      for (const connection of extra) connection.disconnect();
      await closeClient(client);
    },
    get connected() {
      return client.status === 'ready';
    },
    check: () => guarded(check),
    queue,
    supervision: createQueueSupervision(client, prefix, clock, blocking, poisonKills(config)),
    board: createBoard(client, prefix, clock, blocking, guarded),
    waiters: () => waitersOf(client, prefix, clock, blocking, guarded, queue),
  };
};

function waitersOf(
  client: Redis,
  prefix: string,
  clock: Clock,
  blocking: () => Redis,
  guarded: Guarded,
  queue: (name: string) => BoundedQueue,
): OutcomeWaiters {
  return createOutcomeWaiters({
    prefix,
    clock,
    blocking,
    streamEnd: (key) =>
      guarded(async () => (await client.xrevrange(key, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0'),
    async readOutcome(queueName, jobId): Promise<FinalOutcome | null> {
      const job = await queue(queueName).job(jobId);
      if (job?.state === 'completed') return { state: 'completed', result: job.result, error: null };
      if (job?.state === 'failed') return { state: 'failed', result: null, error: job.error };
      return null;
    },
  });
}

function startUpkeep(
  names: () => readonly string[],
  client: Redis,
  prefix: string,
  clock: Clock,
  log: Log,
): { start(): void; stop(): void } {
  let timer: { cancel(): void } | undefined;
  let under = false;
  let passes = 0;
  const pass = async () => {
    if (under || client.status !== 'ready') return;
    under = true;
    passes++;
    try {
      for (const name of names()) {
        const keys = queueKeys(prefix, name);
        await healBytes(client, keys, passes % THOROUGH_EVERY === 0 ? 'nothing' : 'counts');
        await dropSilentReaders(client, keys);
      }
    } catch (error) {
      log.debug({ error: messageOf(error) }, 'upkeep of the queues put off');
    } finally {
      under = false;
    }
  };
  return {
    start: () => {
      timer = clock.every(UPKEEP_EVERY_MS, () => void pass());
    },
    stop: () => timer?.cancel(),
  };
}
