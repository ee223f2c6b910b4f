import { isMillraceError } from '@millrace/core';
import {
  type IRedisTransaction,
  type KeysMap,
  type QueueBaseOptions,
  type RedisClient,
  type RedisConnection,
  RedisQueueBackend,
} from 'bullmq';
import { type QueueKeys, queueKeys } from '../keys.ts';
import { SCRIPTS } from './compose.ts';
import { throwIfRefused } from './refusals.ts';

/** Who stands behind a backend: a worker's start, or an API client (start id ''). */
export interface BackendIdentity {
  readonly startId: string;
  /** `"<startedUs>:<doneUs>"` of a job that this start runs, or ''. */
  stamps(jobId: string): string;
  /** False: take nothing more. */
  mayTake(): boolean;
  /** A reply put this job into our hands. */
  taken(jobId: string): void;
  /** A reply told what became of the finish, retry or delay of this job. */
  settled(jobId: string): void;
  /** A blocking read came back. */
  cycled(): void;
  /** The store refused this start. */
  fenced(): void;
}

/** An API client's identity: it takes nothing and cannot be fenced. */
export const CLIENT_IDENTITY: BackendIdentity = {
  startId: '',
  stamps: () => '',
  mayTake: () => false,
  taken: () => undefined,
  settled: () => undefined,
  cycled: () => undefined,
  fenced: () => undefined,
};

/** Where the job's id stands among the ARGV of the stock scripts that end an attempt. */
const SETTLING: Readonly<Record<string, number>> = { moveToFinished: 0, retryJob: 3, moveToDelayed: 2 };

const TAKING = new Set(['moveToActive', 'moveToFinished', 'moveToDelayed']);

function jobTakenBy(reply: unknown): string | undefined {
  return Array.isArray(reply) && Array.isArray(reply[0]) ? String(reply[1]) : undefined;
}

/**
 * BullMQ's Redis backend with Millrace's guards around its scripts (backend/compose.ts): the fence, the bound's
 * accounts and the ledger. Everything else is BullMQ's own.
 */
export class MillraceBackend extends RedisQueueBackend {
  readonly #identity: BackendIdentity;
  readonly #keys: QueueKeys;
  readonly #connections: { readonly main: RedisConnection; readonly blocking: RedisConnection | undefined };
  readonly #options: QueueBaseOptions & { prefix?: string };

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
    const tail = jobId === undefined ? [] : [this.#identity.stamps(jobId)];
    const all = [...own, ...this.#keys.accountList, ...rest, ...tail, this.#identity.startId];
    const reply = client.runCommand(guard.command, all as string[]) as Promise<unknown>;
    return reply.then((value) => this.#seen(commandName, jobId, value));
  }

  override async moveToActive(token: string, name?: string) {
    return this.#identity.mayTake() ? super.moveToActive(token, name) : [];
  }

  override async waitForJob(blockTimeout: number) {
    try {
      return await super.waitForJob(blockTimeout);
    } finally {
      this.#identity.cycled();
    }
  }

  /** Runs first on every reply, in the order of the connection: what `held` is compared with (consumer/audit.ts). */
  #seen(commandName: string, jobId: string | undefined, reply: unknown): unknown {
    if (jobId !== undefined) this.#identity.settled(jobId);
    const taken = TAKING.has(commandName) ? jobTakenBy(reply) : undefined;
    if (taken !== undefined) this.#identity.taken(taken);
    try {
      return throwIfRefused(reply);
    } catch (error) {
      if (isMillraceError(error, 'fenced')) this.#identity.fenced();
      throw error;
    }
  }
}
