import {
  type IRedisTransaction,
  type KeepJobs,
  type KeysMap,
  type MinimalJob,
  type QueueBaseOptions,
  type RedisClient,
  type RedisConnection,
  RedisQueueBackend,
  raw2NextJobData,
  type WorkerOptions,
} from 'bullmq';
import { type QueueKeys, queueKeys } from '../keys.ts';
import { type Completed, completeSet } from './complete-set.ts';
import { Completions } from './completions.ts';
import { SCRIPTS } from './compose.ts';
import type { BackendIdentity, Settlement } from './identity.ts';
import { type RawTake, received, takesIn } from './raw-take.ts';
import { heard } from './refusals.ts';
import { Turns } from './turns.ts';

/** Where the job's id stands among the ARGV of the stock scripts that end an attempt. */
const SETTLING: Readonly<Record<string, number>> = { moveToFinished: 0, retryJob: 3, moveToDelayed: 2 };

/** Where moveToFinished says what the job's end is. */
const TARGET = 4;

function settlementOf(commandName: string, args: readonly unknown[]): Settlement {
  if (commandName === 'retryJob') return 'retried';
  return commandName === 'moveToDelayed' ? 'delayed' : (args[TARGET] as 'completed' | 'failed');
}

/** Of a worker: what its completions have in common (lua/scripts/complete.lua). As text, for a buffer slows the whole call. */
function completionOptions(options: Partial<WorkerOptions>): string {
  const { name, lockDuration, limiter, removeOnComplete = { count: -1 } } = options;
  return JSON.stringify({ name, lockDuration, limiter, keepJobs: removeOnComplete });
}

/** What a job knows of its attempts, and BullMQ's interface of it does not name. */
interface TakenCounts {
  readonly attemptsStarted: number;
  readonly attemptsMade: number;
  readonly deduplicationId: string;
}

const TAKING = new Set(['moveToActive', 'moveToFinished', 'moveToDelayed']);

/**
 * BullMQ's Redis backend with Millrace's guards around its scripts (backend/compose.ts): the fence, the bound's
 * accounts and the ledger. Everything else is BullMQ's own.
 */
export class MillraceBackend extends RedisQueueBackend {
  /** In which the jobs of one reply begin. */
  readonly turns: Turns;
  readonly #identity: BackendIdentity;
  readonly #keys: QueueKeys;
  readonly #connections: { readonly main: RedisConnection; readonly blocking: RedisConnection | undefined };
  readonly #options: QueueBaseOptions & Pick<WorkerOptions, 'metrics'> & { prefix?: string };
  readonly #completions: Completions<Completed>;
  #further: RawTake[] = [];
  /** How far the store's clock was ahead of ours when it last had no job for us. */
  #storeAheadMs = 0;

  constructor(
    connection: RedisConnection,
    name: string,
    stockKeys: KeysMap,
    options: QueueBaseOptions & { prefix?: string },
    identity: BackendIdentity,
    blockingConnection?: RedisConnection,
    ownsConnection = true,
  ) {
    const keys = queueKeys(options.prefix ?? 'bull', name);
    super(connection, name, stockKeys, keys.job, options, blockingConnection, ownsConnection);
    this.#identity = identity;
    this.#keys = keys;
    this.#connections = { main: connection, blocking: blockingConnection };
    this.#options = options;
    this.turns = new Turns(identity.monotonicMs);
    const common = completionOptions(options);
    // Without a turn between once there is a client: what is sent by others after a flush must come behind it.
    let ready: RedisClient | undefined;
    connection.client.then(
      (client) => {
        ready = client;
      },
      () => undefined,
    );
    this.#completions = new Completions(
      async (set) => completeSet(ready ?? (await connection.client), keys, identity, common, set),
      this.turns,
    );
  }

  /** A sibling for another queue keeps the guards; stock would answer with its own class. */
  override forQueue(queueName: string, prefix?: string): MillraceBackend {
    const options = { ...this.#options, prefix: prefix ?? this.redisPrefix };
    const keys = queueKeys(options.prefix, queueName);
    const stockKeys = Object.fromEntries(Object.keys(this.keys).map((key) => [key, keys.job(key)]));
    const { main, blocking } = this.#connections;
    return new MillraceBackend(main, queueName, stockKeys, options, this.#identity, blocking, false);
  }

  override execCommand(
    client: RedisClient | IRedisTransaction,
    commandName: string,
    args: unknown[],
  ): unknown {
    const guard = SCRIPTS.guards.get(commandName);
    if (!guard) return super.execCommand(client, commandName, args);
    const own = args.slice(0, guard.ownKeys);
    const rest = args.slice(guard.ownKeys);
    const settling = SETTLING[commandName];
    const jobId = settling === undefined ? undefined : String(rest[settling]);
    const all = [...own, ...this.#keys.accountList, ...rest, ...this.#tail(commandName, jobId)];
    const reply = client.runCommand(guard.command, all as string[]) as Promise<unknown>;
    if (jobId === undefined) return reply.then((value) => this.#seen(commandName, value));
    const how = settlementOf(commandName, rest);
    return reply.then((value) => {
      this.#identity.settled(jobId, typeof value === 'number' && value < 0, how);
      return this.#seen(commandName, value);
    });
  }

  /** What the guard takes behind the stock script's arguments. */
  #tail(commandName: string, jobId: string | undefined): (string | number)[] {
    const { startId, poisonKills } = this.#identity;
    if (jobId !== undefined) return [this.#identity.stamps(jobId), this.#identity.verdict(jobId), startId];
    if (commandName === 'moveToActive') return [this.#identity.room(), startId];
    return commandName === 'moveStalledJobsToWait' ? [poisonKills, startId] : [startId];
  }

  override async moveToActive(token: string, name?: string) {
    return this.#identity.mayTake() ? super.moveToActive(token, name) : [];
  }

  /** In a set with others. What is out of the ordinary about the end of a job is the stock script's, and its guard's. */
  override async moveToCompleted<T, R, N extends string>(
    job: MinimalJob<T, R, N> & Partial<TakenCounts>,
    value: R,
    keep: boolean | number | KeepJobs | undefined,
    token: string,
    takesNext: boolean,
  ) {
    const { id: jobId = '', attemptsStarted: startNumber = 0, attemptsMade = 0 } = job;
    if (!this.#isOrdinary(job, keep, token))
      return super.moveToCompleted(job, value, keep as KeepJobs, token, takesNext);
    const returnValue = JSON.stringify(value) ?? 'null';
    const { code, next, atMs, aheadMs } = await this.#completions.add({
      ...{ jobId, token, startNumber, attemptsMade: attemptsMade + 1, returnValue },
      ...{ takesNext: takesNext && !this.closing, stamps: this.#identity.stamps(jobId) },
    });
    if (next?.[0] === 0) this.#storeAheadMs = aheadMs;
    if (code < 0) throw this.finishedErrors({ code, jobId, command: 'moveToFinished', state: 'active' });
    return { result: next === null ? undefined : raw2NextJobData(next), finishedOn: atMs };
  }

  /** Sends what waits to go in a set: a command that is sent next finds it done. */
  flushCompletions(): void {
    this.#completions.flush();
  }

  #isOrdinary(job: MinimalJob & Partial<TakenCounts>, keep: unknown, token: string): boolean {
    const { startId, verdict } = this.#identity;
    const isAlone = (job.parentKey ?? job.parent ?? job.deduplicationId) === undefined;
    const isKeptAsAll = keep === undefined && this.#options.metrics === undefined;
    return startId !== '' && token !== '0' && isKeptAsAll && isAlone && verdict(job.id ?? '') === '';
  }

  /**
   * The jobs that came behind the first one of the last take, as `moveToActive` resolves that one, each with its lock
   * token, which the store made of the first one's. Each is told once.
   */
  takeFurther(token: string) {
    return this.#further.splice(0).map((raw, index) => {
      const [data, id] = raw2NextJobData(raw);
      return { data, id: String(id), token: `${token}.${index + 1}` };
    });
  }

  override async waitForJob(blockTimeout: number) {
    try {
      const marker = await super.waitForJob(blockTimeout);
      // That of a delayed job says when it is due by the store's clock, and BullMQ waits by ours.
      return marker?.score ? { ...marker, score: marker.score - this.#storeAheadMs } : marker;
    } finally {
      this.#identity.cycled();
    }
  }

  /** Runs first on every reply, in the order of the connection: what `held` is compared with (consumer/audit.ts). */
  #seen(commandName: string, reply: unknown): unknown {
    const takes = TAKING.has(commandName) ? takesIn(reply) : [];
    for (const take of takes) this.#identity.taken(String(take[1]), received(take, this.#identity.startId));
    if (commandName === 'moveStalledJobsToWait' && Array.isArray(reply) && reply.length > 0) {
      this.#identity.stalled(reply.map(String));
    }
    if (commandName === 'moveToActive') {
      this.#further = takes.slice(1);
      if (takes.length === 0 && Array.isArray(reply)) this.#storeAheadMs = Number(reply[4]);
    }
    return heard(this.#identity, reply);
  }
}
