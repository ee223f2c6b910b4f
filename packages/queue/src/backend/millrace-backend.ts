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

/** What the hash of a taken job says of deaths in its past. */
export interface TakenMarks {
  /** It is to run alone. */
  readonly suspect: boolean;
  /** Deaths count against it. */
  readonly killed: boolean;
}

/** Who stands behind a backend: a worker's start, or an API client (start id ''). */
export interface BackendIdentity {
  readonly startId: string;
  /** `"<startedUs>:<doneUs>"` of a job that this start runs, or ''. */
  stamps(jobId: string): string;
  /** What lua/suspicion.lua is to do at the end of an attempt of this job; '' for nearly every job. */
  verdict(jobId: string): string;
  /** Deaths of its process after which a job is poison; 0: they are not counted. */
  readonly poisonKills: number;
  /** False: take nothing more. */
  mayTake(): boolean;
  /** A reply put this job into our hands, with what its hash says of deaths before. */
  taken(jobId: string, marks: TakenMarks): void;
  /** A reply told what became of the finish, retry or delay of this job; `refused`: the take was no longer ours. */
  settled(jobId: string, refused: boolean): void;
  /** A blocking read came back. */
  cycled(): void;
  /** The store refused this start. */
  fenced(): void;
}

/** An API client's identity: it takes nothing and cannot be fenced. */
export const CLIENT_IDENTITY: BackendIdentity = {
  startId: '',
  stamps: () => '',
  verdict: () => '',
  poisonKills: 0,
  mayTake: () => false,
  taken: () => undefined,
  settled: () => undefined,
  cycled: () => undefined,
  fenced: () => undefined,
};

/** Where the job's id stands among the ARGV of the stock scripts that end an attempt. */
const SETTLING: Readonly<Record<string, number>> = { moveToFinished: 0, retryJob: 3, moveToDelayed: 2 };

const TAKING = new Set(['moveToActive', 'moveToFinished', 'moveToDelayed']);

/** The job that a reply hands over: its hash as a flat list, its id, and more. */
function takenBy(reply: unknown): { jobId: string; marks: TakenMarks } | undefined {
  if (!Array.isArray(reply) || !Array.isArray(reply[0])) return undefined;
  const hash = reply[0] as readonly string[];
  const marks = { suspect: false, killed: false };
  for (let i = 0; i < hash.length; i += 2) {
    if (hash[i] === 'mrSuspect') marks.suspect = true;
    else if (hash[i] === 'mrKills') marks.killed = true;
  }
  return { jobId: String(reply[1]), marks };
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
    const all = [...own, ...this.#keys.accountList, ...rest, ...this.#tail(commandName, jobId)];
    const reply = client.runCommand(guard.command, all as string[]) as Promise<unknown>;
    return reply.then((value) => this.#seen(commandName, jobId, value));
  }

  /** What the guard takes behind the stock script's arguments. */
  #tail(commandName: string, jobId: string | undefined): (string | number)[] {
    const { startId, poisonKills } = this.#identity;
    if (jobId !== undefined) return [this.#identity.stamps(jobId), this.#identity.verdict(jobId), startId];
    return commandName === 'moveStalledJobsToWait' ? [poisonKills, startId] : [startId];
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
    if (jobId !== undefined) this.#identity.settled(jobId, typeof reply === 'number' && reply < 0);
    const taken = TAKING.has(commandName) ? takenBy(reply) : undefined;
    if (taken !== undefined) this.#identity.taken(taken.jobId, taken.marks);
    try {
      return throwIfRefused(reply);
    } catch (error) {
      if (isMillraceError(error, 'fenced')) this.#identity.fenced();
      throw error;
    }
  }
}
