import type { Clock } from '@millrace/core';
import type { Redis } from 'ioredis';
import { eventField } from '../event-fields.ts';
import { type QueueKeys, queueKeys } from '../keys.ts';
import { startedSince } from './started-since.ts';

/** A blocking read ends this often, to look for who else waits. */
const BLOCK_MS = 200;
const ENTRIES_A_READ = 500;
/** How often the jobs themselves are looked at, and how many at a time. */
const LOOK_MS = 2_000;
const JOBS_A_LOOK = 100;
/** It starts again, or never will: it was dead-lettered as it was taken, or removed while it waited. */
const ANSWERS: ReadonlySet<string | undefined> = new Set(['active', 'failed', 'removed']);

type Page = readonly (readonly [id: string, fields: readonly string[]])[];

/** Somebody who waits until jobs start again. */
interface Waiter {
  readonly after: string;
  readonly missing: Set<string>;
  /** Ms since 1970, the store's time, by job id. */
  readonly seen: Map<string, number>;
  resolve(seen: Map<string, number>): void;
  reject(error: unknown): void;
}

/** Whether the stream's entry `a` comes after `b`. */
function isAfter(a: string, b: string): boolean {
  const [msA = 0, seqA = 0] = a.split('-').map(Number);
  const [msB = 0, seqB = 0] = b.split('-').map(Number);
  return msA > msB || (msA === msB && seqA > seqB);
}

/**
 * One queue's events, read once for all who wait for restarts in it; the connection lasts as long as they do. The stream is
 * trimmed: a busy queue's is gone within a second. So every now and then the jobs themselves are asked.
 */
class QueueRestarts {
  readonly #keys: QueueKeys;
  readonly #clock: Clock;
  readonly #blocking: () => Redis;
  readonly #waiters = new Set<Waiter>();
  readonly #byJob = new Map<string, Set<Waiter>>();
  /** Where a newcomer wants to read from, if that is before where we are. */
  #rewindTo: string | null = null;
  #isReading = false;
  #lookedMs = 0;
  /** Where among the jobs the next look begins. */
  #lookFrom = 0;

  constructor(keys: QueueKeys, clock: Clock, blocking: () => Redis) {
    this.#keys = keys;
    this.#clock = clock;
    this.#blocking = blocking;
  }

  wait(jobIds: readonly string[], after: string, signal: AbortSignal): Promise<Map<string, number>> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { after, missing: new Set(jobIds), seen: new Map(), resolve, reject };
      if (waiter.missing.size === 0 || signal.aborted) return resolve(waiter.seen);
      signal.addEventListener('abort', () => this.#leave(waiter), { once: true });
      this.#waiters.add(waiter);
      for (const id of waiter.missing) this.#waitersFor(id).add(waiter);
      if (this.#rewindTo === null || isAfter(this.#rewindTo, after)) this.#rewindTo = after;
      // Whoever else asks in this turn shares the first read.
      if (!this.#isReading) queueMicrotask(() => void this.#read());
    });
  }

  #waitersFor(jobId: string): Set<Waiter> {
    const waiters = this.#byJob.get(jobId) ?? new Set();
    this.#byJob.set(jobId, waiters);
    return waiters;
  }

  #leave(waiter: Waiter): void {
    if (!this.#waiters.delete(waiter)) return;
    for (const id of waiter.missing) this.#forget(id, waiter);
    waiter.resolve(waiter.seen);
  }

  #forget(jobId: string, waiter: Waiter): void {
    const waiters = this.#byJob.get(jobId);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#byJob.delete(jobId);
  }

  async #read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#lookedMs = this.#clock.monotonicMs();
    let reader: Redis | undefined;
    try {
      reader = this.#blocking();
      await this.#readOn(reader);
    } catch (error) {
      for (const waiter of this.#waiters) waiter.reject(error);
      this.#waiters.clear();
      this.#byJob.clear();
    } finally {
      reader?.disconnect();
      this.#isReading = false;
    }
    // Whoever came between the last look at who waits and now was told that somebody reads.
    if (this.#waiters.size > 0) await this.#read();
  }

  async #readOn(reader: Redis): Promise<void> {
    let cursor = '';
    while (this.#waiters.size > 0) {
      cursor = this.#whereToRead(cursor);
      const from = ['STREAMS', this.#keys.events, cursor] as const;
      const reply = await reader.xread('COUNT', ENTRIES_A_READ, 'BLOCK', BLOCK_MS, ...from);
      const page = (reply?.[0]?.[1] ?? []) as Page;
      for (const [id, fields] of page) this.#note(id, fields);
      cursor = page.at(-1)?.[0] ?? cursor;
      if (this.#clock.monotonicMs() - this.#lookedMs >= LOOK_MS) await this.#look(reader);
    }
  }

  async #look(reader: Redis): Promise<void> {
    this.#lookedMs = this.#clock.monotonicMs();
    const jobs = [...this.#byJob.keys()];
    if (this.#lookFrom >= jobs.length) this.#lookFrom = 0;
    const asked = jobs.slice(this.#lookFrom, this.#lookFrom + JOBS_A_LOOK);
    this.#lookFrom += JOBS_A_LOOK;
    for (const [jobId, atMs] of await startedSince(reader, this.#keys, asked)) {
      for (const waiter of this.#byJob.get(jobId) ?? []) this.#tell(waiter, jobId, atMs);
    }
  }

  #whereToRead(cursor: string): string {
    const wanted = this.#rewindTo;
    this.#rewindTo = null;
    return wanted !== null && (cursor === '' || isAfter(cursor, wanted)) ? wanted : cursor;
  }

  /** What a newcomer made us read twice is old news to the others, and what lies before their time means nothing. */
  #note(entryId: string, fields: readonly string[]): void {
    if (!ANSWERS.has(eventField(fields, 'event'))) return;
    const jobId = eventField(fields, 'jobId') ?? '';
    for (const waiter of this.#byJob.get(jobId) ?? []) {
      if (isAfter(entryId, waiter.after)) this.#tell(waiter, jobId, Number(entryId.split('-')[0]));
    }
  }

  #tell(waiter: Waiter, jobId: string, atMs: number): void {
    this.#forget(jobId, waiter);
    waiter.missing.delete(jobId);
    waiter.seen.set(jobId, atMs);
    if (waiter.missing.size === 0) this.#leave(waiter);
  }
}

/** Sees jobs start again, with one connection a queue however many wait: 200 deaths at once are no 200 readers. */
export class RestartWatch {
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #blocking: () => Redis;
  readonly #queues = new Map<string, QueueRestarts>();

  /** `blocking` makes a connection for reads that wait. */
  constructor(prefix: string, clock: Clock, blocking: () => Redis) {
    this.#prefix = prefix;
    this.#clock = clock;
    this.#blocking = blocking;
  }

  /** See `QueueSupervision.restarts`. */
  restarts(
    queue: string,
    jobIds: readonly string[],
    eventsAfter: string,
    signal: AbortSignal,
  ): Promise<Map<string, number>> {
    let watch = this.#queues.get(queue);
    if (!watch) {
      watch = new QueueRestarts(queueKeys(this.#prefix, queue), this.#clock, this.#blocking);
      this.#queues.set(queue, watch);
    }
    return watch.wait(jobIds, eventsAfter, signal);
  }
}
