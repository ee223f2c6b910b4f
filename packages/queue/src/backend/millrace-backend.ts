import { isMillraceError } from '@millrace/core';
import {
  type IRedisTransaction,
  type KeysMap,
  type QueueBaseOptions,
  type RedisClient,
  type RedisConnection,
  RedisQueueBackend,
  raw2NextJobData,
} from 'bullmq';
import { type QueueKeys, queueKeys } from '../keys.ts';
import { SCRIPTS } from './compose.ts';
import { throwIfRefused } from './refusals.ts';

/** What the hash of a taken job says of its past. */
export interface TakenMarks {
  /** It is to run alone. */
  readonly suspect: boolean;
  /** Deaths count against it. */
  readonly killed: boolean;
  /** `mrAttempts`: a line of JSON for each attempt before. */
  readonly past: string | undefined;
}

/** Which of the stock scripts ended an attempt, and how. */
export type Settlement = 'completed' | 'failed' | 'retried' | 'delayed';

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
  /** How many jobs beyond the first a take may bring. */
  room(): number;
  /** A reply put this job into our hands, with what its hash says of what was before. */
  taken(jobId: string, marks: TakenMarks): void;
  /** A reply told what became of the finish, retry or delay of this job; `refused`: the take was no longer ours. */
  settled(jobId: string, refused: boolean, how: Settlement): void;
  /** Our look for jobs whose locks ran out has put these back into the queue: nobody else is told so. */
  stalled(jobIds: readonly string[]): void;
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
  room: () => 0,
  taken: () => undefined,
  settled: () => undefined,
  stalled: () => undefined,
  cycled: () => undefined,
  fenced: () => undefined,
};

/** Where the job's id stands among the ARGV of the stock scripts that end an attempt. */
const SETTLING: Readonly<Record<string, number>> = { moveToFinished: 0, retryJob: 3, moveToDelayed: 2 };

/** Where moveToFinished says what the job's end is. */
const TARGET = 4;

function settlementOf(commandName: string, args: readonly unknown[]): Settlement {
  if (commandName === 'retryJob') return 'retried';
  return commandName === 'moveToDelayed' ? 'delayed' : (args[TARGET] as 'completed' | 'failed');
}

const TAKING = new Set(['moveToActive', 'moveToFinished', 'moveToDelayed']);

/** A job as the stock scripts hand it over: its hash as a flat list, its id, and more; no job without a hash. */
type RawTake = [hash: readonly string[] | 0, jobId: string, ...rest: unknown[]];

/** The jobs that a reply hands over: the stock script's, and behind its four values those of a take in sets. */
function takesIn(reply: unknown): RawTake[] {
  if (!Array.isArray(reply) || !Array.isArray(reply[0])) return [];
  return [reply as RawTake, ...(reply.slice(4) as RawTake[])];
}

/** What a taken job's hash says of its past. */
function marksOf(hash: RawTake[0]): TakenMarks {
  const marks: { -readonly [name in keyof TakenMarks]: TakenMarks[name] } = {
    suspect: false,
    killed: false,
    past: undefined,
  };
  if (hash === 0) return marks;
  for (let i = 0; i < hash.length; i += 2) {
    if (hash[i] === 'mrSuspect') marks.suspect = true;
    else if (hash[i] === 'mrKills') marks.killed = true;
    else if (hash[i] === 'mrAttempts') marks.past = hash[i + 1];
  }
  return marks;
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
    for (const [hash, jobId] of takes) this.#identity.taken(String(jobId), marksOf(hash));
    if (commandName === 'moveStalledJobsToWait' && Array.isArray(reply) && reply.length > 0) {
      this.#identity.stalled(reply.map(String));
    }
    if (commandName === 'moveToActive') {
      this.#further = takes.slice(1);
      if (takes.length === 0 && Array.isArray(reply)) this.#storeAheadMs = Number(reply[4]);
    }
    try {
      return throwIfRefused(reply);
    } catch (error) {
      if (isMillraceError(error, 'fenced')) this.#identity.fenced();
      throw error;
    }
  }
}
