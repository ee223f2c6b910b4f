import type { Clock } from '@millrace/core';
import { MAX_RETRY_AFTER_MS } from '@millrace/queue';

/** A caller that is this late has given up. */
const GRACE_MS = 250;
/** Beyond so many, callers are told the wait of the line's end but get no place in it. */
const MAX_PLACES = 10_000;

/** Who was refused: `key` finds it again, `address` finds a caller that comes back on another connection. */
export interface LineCaller {
  readonly key: string;
  /** Null for a caller that names itself (idempotency key): it needs no guessing. */
  readonly address: string | null;
}

/** What the store said of a refusal. */
export interface LineWait {
  readonly jobs: number;
  /** Until this add would pass if nobody else waited, ms. */
  readonly firstMs: number;
  readonly drainPerSecond: number;
}

interface Place {
  key: string;
  readonly address: string | null;
  jobs: number;
  promisedAtMs: number;
  abandoned: boolean;
}

/**
 * The callers of one queue that were refused and are not back yet, in the order they came. A refusal is truthful
 * only if it counts those ahead: n callers told the same moment would all but one be refused again.
 *
 * A place is kept by a caller that comes back early or in time, and given up on admission or {@link GRACE_MS}
 * after the promised moment. When a connection closes, its place waits for the next unknown caller from the same
 * address: a client that opens a connection for every request is one caller, not many.
 */
export class RetryLine {
  readonly #clock: Clock;
  #places: Place[] = [];
  readonly #byKey = new Map<string, Place>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#places.length;
  }

  /** Notes a refusal and tells how long the caller has to wait, ms, those ahead of it included. */
  refuse(caller: LineCaller, wait: LineWait): number {
    this.#expire();
    const place = this.#claim(caller) ?? this.#append(caller);
    const intervalMs = wait.drainPerSecond > 0 ? 1000 / wait.drainPerSecond : 0;
    // Back at the promised moment and refused again: this drain keeps no appointments, the next one is as far
    // away as any, however long ago the last was.
    const isStoodUp =
      place !== undefined && place.promisedAtMs > 0 && place.promisedAtMs <= this.#clock.monotonicMs();
    const firstMs = isStoodUp ? Math.max(wait.firstMs, intervalMs) : wait.firstMs;
    const aheadMs = this.#jobsBefore(place) * intervalMs;
    const waitMs = Math.min(Math.round(firstMs + aheadMs), MAX_RETRY_AFTER_MS);
    if (place) {
      place.jobs = wait.jobs;
      place.promisedAtMs = this.#clock.monotonicMs() + waitMs;
    }
    return waitMs;
  }

  /** The caller's add passed: it waits no longer. */
  admit(caller: LineCaller): void {
    if (this.#places.length === 0) return;
    const place = this.#claim(caller);
    if (place) this.#remove((other) => other === place);
  }

  /** The caller's connection closed: it may come back on another. */
  abandon(caller: LineCaller): void {
    const place = this.#byKey.get(caller.key);
    if (place) place.abandoned = true;
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#remove((place) => place.promisedAtMs + GRACE_MS < nowMs);
  }

  #remove(leaves: (place: Place) => boolean): void {
    this.#places = this.#places.filter((place) => {
      if (!leaves(place)) return true;
      this.#byKey.delete(place.key);
      return false;
    });
  }

  #claim({ key, address }: LineCaller): Place | undefined {
    const own = this.#byKey.get(key);
    if (own || address === null) return own;
    const left = this.#places.find((place) => place.abandoned && place.address === address);
    if (!left) return undefined;
    this.#byKey.delete(left.key);
    left.key = key;
    left.abandoned = false;
    this.#byKey.set(key, left);
    return left;
  }

  #append({ key, address }: LineCaller): Place | undefined {
    if (this.#places.length >= MAX_PLACES) return undefined;
    const place = { key, address, jobs: 0, promisedAtMs: 0, abandoned: false };
    this.#places.push(place);
    this.#byKey.set(key, place);
    return place;
  }

  #jobsBefore(place: Place | undefined): number {
    let jobs = 0;
    for (const other of this.#places) {
      if (other === place) break;
      jobs += other.jobs;
    }
    return jobs;
  }
}
