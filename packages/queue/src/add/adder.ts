import { type Clock, isMillraceError, type NewJob } from '@millrace/core';
import { notSent } from '../connection/guarded-call.ts';
import type { JobFields } from '../job-reader.ts';
import type { QueueKeys } from '../keys.ts';
import { pack } from '../pack.ts';
import type { AddContext, AddResult, AddTimes, Idempotency } from '../types/queue.ts';
import { type Decided, decodeAnswer } from './decode-answer.ts';
import { type EncodedJob, encodeJob, encodeReplay } from './encode-job.ts';

/** Jobs of one script call: keeps the store below about 1 ms, unless a single bulk is larger. */
const MAX_JOBS_A_CALL = 64;
/** Script calls under way at once: the store works while the next group forms. */
const MAX_CALLS_IN_FLIGHT = 2;
const IDEMPOTENCY_KEEP_MS = 86_400_000;
const IDEMPOTENCY_KEEP_KEYS = 100_000;

interface Group {
  readonly jobs: readonly EncodedJob[];
  readonly bytes: number;
  readonly times: AddTimes;
  readonly idempotency?: Idempotency | undefined;
  /** The dead letter that it replays. */
  readonly replayOf?: string;
  resolve(result: Decided): void;
  reject(error: unknown): void;
}

export interface AdderOptions {
  readonly keys: QueueKeys;
  readonly clock: Clock;
  readonly bound: number;
  readonly maxBytes: number;
  /** Sends one call of the add script; throws `store_unavailable`. */
  send(args: readonly (string | number | Buffer)[]): Promise<unknown>;
}

/**
 * Group commit: adds that are ready in the same turn of the event loop share one script call, and every caller is
 * answered after its own commit. Nothing ever waits for a group to form: a lone add goes out at once.
 */
export class Adder {
  readonly #options: AdderOptions;
  readonly #pending: Group[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(options: AdderOptions) {
    this.#options = options;
  }

  add(jobs: readonly NewJob[], idempotency?: Idempotency, context?: AddContext): Promise<AddResult> {
    const times = this.#now();
    const encoded = jobs.map((job) => encodeJob(this.#options.keys, job, times, context));
    const bytes = encoded.reduce((sum, job) => sum + job.bytes, 0);
    return this.#decide({ jobs: encoded, bytes, times, idempotency }) as Promise<AddResult>;
  }

  /** Adds the copy of a dead letter, unless that was done before: then the first answer is repeated. */
  replay(
    id: string,
    fields: JobFields,
    carrier: string | null,
  ): Promise<Exclude<Decided, { kind: 'conflict' }>> {
    const times = this.#now();
    const copy = encodeReplay(this.#options.keys, id, fields, times, carrier);
    const group = { jobs: [copy], bytes: copy.bytes, times, replayOf: id };
    return this.#decide(group) as Promise<Exclude<Decided, { kind: 'conflict' }>>;
  }

  #now(): AddTimes {
    const { clock } = this.#options;
    return { timestampMs: clock.nowMs(), enqueuedUs: clock.epochUs() };
  }

  #decide(group: Omit<Group, 'resolve' | 'reject'>): Promise<Decided> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ ...group, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= MAX_CALLS_IN_FLIGHT || this.#pending.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
      this.#schedule();
    });
  }

  #nextBatch(): Group[] {
    let jobs = 0;
    let count = 0;
    for (const group of this.#pending) {
      if (count > 0 && jobs + group.jobs.length > MAX_JOBS_A_CALL) break;
      jobs += group.jobs.length;
      count++;
    }
    return this.#pending.splice(0, count);
  }

  async #flush(): Promise<void> {
    const batch = this.#nextBatch();
    if (batch.length === 0) return;
    this.#inFlight++;
    try {
      await this.#commit(batch);
    } finally {
      this.#inFlight--;
      this.#schedule();
    }
  }

  async #commit(batch: readonly Group[]): Promise<void> {
    const { clock } = this.#options;
    try {
      const answers = (await this.#options.send(this.#encode(batch))) as unknown[][];
      const nowMs = clock.nowMs();
      batch.forEach((group, index) => {
        const asked = { n: group.jobs.length, bytes: group.bytes, times: group.times };
        group.resolve(decodeAnswer(answers[index] ?? [], asked, nowMs));
      });
    } catch (error) {
      for (const group of batch) group.reject(error);
      if (isMillraceError(error, 'store_unavailable') && error.details.sent) this.#refuseWaiting();
    }
  }

  /** A store that kept one call waiting in vain keeps nobody else: each would wait a deadline after the other. */
  #refuseWaiting(): void {
    for (const group of this.#pending.splice(0)) group.reject(notSent());
  }

  #encode(batch: readonly Group[]): (string | Buffer)[] {
    const { keys, clock, bound, maxBytes } = this.#options;
    const head = [clock.nowMs(), bound, maxBytes, IDEMPOTENCY_KEEP_MS, IDEMPOTENCY_KEEP_KEYS, keys.prefix];
    const groups = batch.map(({ jobs, bytes, idempotency, replayOf }) => {
      if (idempotency) return [jobs.length, bytes, idempotency.key, idempotency.bodyHash];
      return replayOf === undefined ? [jobs.length, bytes] : [jobs.length, bytes, null, null, replayOf];
    });
    return [
      ...[keys.wait, keys.paused, keys.meta, keys.id, keys.completed, keys.delayed, keys.active, keys.events],
      ...[keys.marker, keys.prioritized, keys.priorityCounter, keys.idempotency, keys.idempotencyAge],
      keys.failed,
      ...keys.accountList,
      pack(head),
      pack(groups),
      ...batch.flatMap((group) => group.jobs.flatMap((job) => job.args)),
    ];
  }
}
