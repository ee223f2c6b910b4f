import type { Clock } from '@millrace/core';
import { MAX_RETRY_AFTER_MS } from '@millrace/queue';

/** A caller that is this late has given up. */
const GRACE_MS = 250;
/** Timers and clocks are not exact: so much before its moment a caller is in time. */
const EARLY_MS = 5;
/** An admitted caller that has more to hand in is back by then. */
const FRESH_MS = 250;
/** Within this time even a caller who comes when somebody else is due is taken for the admitted one. */
const AT_ONCE_MS = 20;
/** Beyond so many, callers are told the wait of the line's end but get no place in it. */
const MAX_PLACES = 10_000;

/** Who asks: a connection and the address it comes from, or a caller that names itself (idempotency key). */
export interface LineCaller {
  readonly key: string;
  /** Null for a caller that names itself: it needs no guessing. */
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
 * only if it counts those ahead: of n callers told the same moment all but one would be refused again.
 *
 * What has to be right is how many wait, not who is who: connections are pooled by some clients, opened anew for
 * each request by others. So an asking caller of an address is, in this order,
 * 1. one that was promised this moment: it takes the place that is due;
 * 2. one that was admitted just now and has more: it comes new, to the end;
 * 3. one that is early: it keeps its connection's place, or takes that of a closed connection;
 * 4. one that was never here.
 * A place is given up on admission, or {@link GRACE_MS} after the promised moment. The limit of the guess: a crowd
 * behind one address that opens a connection for every request is taken for fewer callers than it is.
 */
export class RetryLine {
  readonly #clock: Clock;
  #places: Place[] = [];
  /** When callers of an address were admitted that have not asked again since, ms. */
  readonly #fresh = new Map<string, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#places.length;
  }

  /** Notes a refusal and tells how long the caller has to wait, ms, those ahead of it included. */
  refuse(caller: LineCaller, wait: LineWait): number {
    const nowMs = this.#clock.monotonicMs();
    this.#places = this.#places.filter((place) => place.promisedAtMs + GRACE_MS >= nowMs);
    const place = this.#claim(caller) ?? this.#append(caller);
    const intervalMs = wait.drainPerSecond > 0 ? 1000 / wait.drainPerSecond : 0;
    // Back at the promised moment and refused again: this drain keeps no appointments, the next one is as far
    // away as any, however long ago the last was.
    const isStoodUp = place !== undefined && place.promisedAtMs > 0 && place.promisedAtMs <= nowMs;
    const firstMs = isStoodUp ? Math.max(wait.firstMs, intervalMs) : wait.firstMs;
    const aheadMs = this.#waitBehind(place, nowMs, firstMs, intervalMs);
    const waitMs = Math.min(Math.round(firstMs + aheadMs), MAX_RETRY_AFTER_MS);
    if (place) {
      place.jobs = wait.jobs;
      place.promisedAtMs = nowMs + waitMs;
    }
    return waitMs;
  }

  /** The caller's add passed: it waits no longer. */
  admit(caller: LineCaller): void {
    const place = this.#claim(caller);
    if (place) this.#places = this.#places.filter((other) => other !== place);
    if (caller.address !== null) this.#freshOf(caller.address).push(this.#clock.monotonicMs());
  }

  /** The caller's connection closed: it may come back on another. */
  abandon({ key }: LineCaller): void {
    for (const place of this.#places) if (place.key === key) place.abandoned = true;
    this.#forgetFresh();
  }

  #claim(caller: LineCaller): Place | undefined {
    const { key, address } = caller;
    if (address === null) return this.#places.find((place) => place.key === key);
    const theirs = this.#places.filter((place) => place.address === address);
    const own = theirs.find((place) => place.key === key);
    const dueMs = this.#clock.monotonicMs() + EARLY_MS;
    const isDue = (place: Place) => place.promisedAtMs <= dueMs;
    const place = own && isDue(own) ? own : this.#choose(theirs, own, isDue, address);
    if (place) Object.assign(place, { key, abandoned: false });
    return place;
  }

  #choose(
    theirs: readonly Place[],
    own: Place | undefined,
    isDue: (place: Place) => boolean,
    address: string,
  ): Place | undefined {
    if (this.#takeFresh(address, AT_ONCE_MS)) return undefined;
    const due = theirs.find(isDue);
    if (due) return due;
    if (this.#takeFresh(address, FRESH_MS)) return undefined;
    return own ?? theirs.find(({ abandoned }) => abandoned);
  }

  #append({ key, address }: LineCaller): Place | undefined {
    if (this.#places.length >= MAX_PLACES) return undefined;
    const place = { key, address, jobs: 0, promisedAtMs: 0, abandoned: false };
    this.#places.push(place);
    return place;
  }

  /**
   * How much longer those ahead make the wait, ms. Who was told to come much later than its turn (the queue was idle
   * then, and told a minute) is not there when the turn comes.
   */
  #waitBehind(place: Place | undefined, nowMs: number, firstMs: number, intervalMs: number): number {
    let waitMs = 0;
    for (const other of this.#places) {
      if (other === place) break;
      const turnMs = firstMs + waitMs;
      if (other.promisedAtMs <= nowMs + 2 * turnMs + GRACE_MS) waitMs += other.jobs * intervalMs;
    }
    return waitMs;
  }

  #freshOf(address: string): number[] {
    const nowMs = this.#clock.monotonicMs();
    const fresh = (this.#fresh.get(address) ?? []).filter((atMs) => atMs + FRESH_MS >= nowMs);
    this.#fresh.set(address, fresh);
    return fresh;
  }

  /** True when somebody was admitted within the last `withinMs` and has not asked since; now they have. */
  #takeFresh(address: string, withinMs: number): boolean {
    const fresh = this.#fresh.has(address) ? this.#freshOf(address) : [];
    const last = fresh.at(-1);
    if (last === undefined || last + withinMs < this.#clock.monotonicMs()) return false;
    fresh.pop();
    return true;
  }

  /** Addresses nobody came from lately are not kept. */
  #forgetFresh(): void {
    for (const address of this.#fresh.keys()) {
      if (this.#freshOf(address).length === 0) this.#fresh.delete(address);
    }
  }
}
