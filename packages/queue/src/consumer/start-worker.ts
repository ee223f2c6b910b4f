import { type Config, createRenewal, type Log, messageOf, TransientMap } from '@millrace/core';
import { DelayedError, type Job, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { consumerBackend } from '../backend/factory.ts';
import type { BackendIdentity } from '../backend/identity.ts';
import type { MillraceBackend } from '../backend/millrace-backend.ts';
import type { ConsumerOptions } from '../types/consumer.ts';

/** After an outage BullMQ waits this long before it tries again; its default is 15 s. */
const RUN_RETRY_MS = 250;
/**
 * A stall is a worker's death that no supervisor saw, or an outage, not the job's failure: BullMQ's default of 1 would
 * fail a job whose worker died twice while the supervisors were away. It is the last net only: from the second stall on
 * a job runs alone (lua/guards/stalled.lua), where a killer is found out; the innocent are borne for longer.
 */
const MAX_STALLED_COUNT = 10;

/** Most jobs that one call takes: the store is held for well under a millisecond. */
const MOST_A_TAKE = 8;

/** BullMQ's default. */
const STALLED_CHECK_MS = 30_000;

type EndOfFailed = Parameters<Worker['handleFailed']>;

/**
 * BullMQ's worker under a given id. Its lock tokens are `${id}:${n}`, so a dead start's jobs can be picked out;
 * `createLockManager` is the first moment after the constructor made a random id, and the last before it is used.
 *
 * It begins every job as soon as it is there. BullMQ's loop takes one job after another, a round trip each, and turns
 * to those it has only in between: the first of a dozen orphans would wait for the last one's take, and a job that came
 * with the end of another for the answer to a take that has nothing to do with it. The loop keeps its books as ever:
 * when it comes to a job, it is handed the run that has begun.
 */
export class StartWorker extends Worker<unknown, unknown, string, MillraceBackend> {
  /** Runs that the loop has not come to yet. */
  readonly #begun = new TransientMap<Job, Promise<unknown>>();
  /** The latest run under way of each job, by its id. */
  readonly #underWay = new TransientMap<string, Promise<unknown>>();
  /** The loop's own word on whether the end of a job may bring another: no more than its concurrency. */
  #mayFetch: (() => boolean) | undefined;
  /** Jobs beyond the first that the take under way may bring. */
  #asked = 0;
  readonly #isRenewalDue = createRenewal();

  /** The loop's books: the jobs that it has and the takes that it waits for. Null while it does not run. */
  get #loop() {
    // biome-ignore lint/complexity/useLiteralKeys: private to BullMQ; by its name in brackets the compiler still checks it
    return this['mainLoopQueue'];
  }

  protected override createLockManager(): void {
    Object.defineProperty(this, 'id', { value: this.opts.name, writable: false });
    super.createLockManager();
  }

  /** What has ended is told to the store before anything that is said next. */
  flushCompletions(): void {
    this.backend.flushCompletions();
  }

  async renewLocks(): Promise<void> {
    const jobIds = this.lockManager.getTrackedJobIds();
    // biome-ignore lint/complexity/useLiteralKeys: protected by BullMQ; by its name in brackets the compiler still checks it
    if (jobIds.length > 0) await this.lockManager['extendLocks'](jobIds);
  }

  /** How many jobs beyond the first a take that goes out now may bring: the loop counts the take itself as one. */
  room(): number {
    const slots = this.concurrency - (this.#loop?.numTotal() ?? this.concurrency);
    this.#asked = Math.max(0, Math.min(slots, MOST_A_TAKE - 1));
    return this.#asked;
  }

  /** What a take brings beyond its first job enters the loop's books as if the loop had taken it; each begins in its turn. */
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    try {
      const job = await super.moveToActive(token, name);
      this.#begin(job);
      const begins: (() => void)[] = [];
      for (const { data, id, token: own } of this.backend.takeFurther(token)) {
        const { promise: turn, resolve: begin } = Promise.withResolvers<void>();
        this.#loop?.add(this.#beginWhenMade(turn.then(() => this.nextJobFromJobData(data, id, own))));
        begins.push(begin);
      }
      this.backend.turns.letGo(begins);
      return job;
    } finally {
      this.#asked = 0;
    }
  }

  override async processJob(job: Job, token: string, mayFetch?: () => boolean): Promise<Job | undefined> {
    this.#mayFetch = mayFetch;
    const run = this.#begun.get(job) ?? this.#run(job, token);
    this.#begun.delete(job);
    const next = (await run) as Job | undefined;
    this.#begin(next);
    return next;
  }

  async #beginWhenMade(made: Promise<Job>): Promise<Job> {
    const job = await made;
    this.#begin(job);
    return job;
  }

  /**
   * The end of a job that went back brings no other: BullMQ would send a take of its own for that, beside the loop's,
   * and a take in sets is right about the room that there is only while it is the only one. The loop takes instead.
   */
  protected override handleFailed(...[error, job, token, mayFetch, span]: EndOfFailed): Promise<Job> {
    const wentBack = error instanceof DelayedError || error instanceof WaitingError;
    return super.handleFailed(error, job, token, wentBack ? () => false : mayFetch, span);
  }

  #begin(job: Job | undefined): void {
    if (!job) return;
    const run = this.#run(job, job.token ?? '');
    // Whoever awaits it hears of a failure; that may be a moment later.
    run.catch(() => undefined);
    this.#begun.set(job, run);
  }

  /** Whether the end of a job may bring another: the loop agrees, and the take under way leaves room for it. */
  #mayBring(): boolean {
    const total = this.#loop?.numTotal() ?? 0;
    return (this.#mayFetch?.() ?? true) && total + this.#asked <= this.concurrency;
  }

  /**
   * A job that went back may be taken again by its own old run, at the latter's end. The lock of a run is renewed under
   * the job's id until that run is over, so the new run begins only then, or it would lose its renewal to the old one's
   * end. The old run never awaits the new.
   */
  #run(job: Job, token: string): Promise<unknown> {
    const id = job.id as string;
    const begin = () => super.processJob(job, token, () => this.#mayBring());
    const run = this.#underWay.get(id)?.then(begin, begin) ?? begin();
    this.#underWay.set(id, run);
    const over = () => {
      if (this.#underWay.get(id) === run) this.#underWay.delete(id);
      if (this.#isRenewalDue(this.#underWay.size)) this.#renewBooks();
    };
    run.then(over, over);
    return run;
  }

  /** What BullMQ keeps of running jobs lives shortly too (core/transient.ts). */
  #renewBooks(): void {
    const { lockManager } = this;
    const loop = this.#loop;
    // biome-ignore-start lint/complexity/useLiteralKeys: private to BullMQ; by its name in brackets the compiler still checks it
    lockManager['trackedJobs'] = new Map(lockManager['trackedJobs']);
    if (loop) loop['pending'] = new Set(loop['pending']);
    // biome-ignore-end lint/complexity/useLiteralKeys: as above
  }
}

export interface StartWorkerOptions extends Pick<ConsumerOptions, 'queue' | 'startId' | 'concurrency'> {
  readonly config: Config;
  readonly main: Redis;
  readonly blocking: Redis;
  readonly identity: BackendIdentity;
  readonly log: Log;
  process(job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<unknown>;
}

/** BullMQ's worker of one start, over our backend; it does not run yet. */
export function createStartWorker(options: StartWorkerOptions): StartWorker {
  const { queue, startId, config, main, blocking, identity, log, process } = options;
  const { retention } = config;
  const worker = new StartWorker(
    queue,
    // Three parameters, so that BullMQ makes an abort signal for each job.
    (job, token, signal) => process(job, token, signal),
    {
      connection: main,
      name: startId,
      prefix: config.redis.prefix,
      autorun: false,
      concurrency: options.concurrency,
      lockDuration: config.worker.lockMs,
      // BullMQ looks every 30 s, which is how long a lock lives by default: shorter locks are to be looked at sooner.
      stalledInterval: Math.min(STALLED_CHECK_MS, config.worker.lockMs),
      // See lock-renewal.ts.
      skipLockRenewal: true,
      runRetryDelay: RUN_RETRY_MS,
      maxStalledCount: MAX_STALLED_COUNT,
      removeOnComplete: { age: Math.ceil(retention.completedAgeMs / 1000), count: retention.completedCount },
      removeOnFail: { age: Math.ceil(retention.failedAgeMs / 1000), count: retention.failedCount },
    },
    consumerBackend(main, blocking, identity),
  );
  worker.on('error', (error) => log.debug({ queue, error: messageOf(error) }, 'worker'));
  worker.on('lockRenewalFailed', (jobIds) => {
    for (const jobId of jobIds) {
      log.warn({ queue, job: jobId }, 'lost the lock of a running job; its handler is told to stop');
      worker.cancelJob(jobId, 'lock lost');
    }
  });
  return worker;
}
