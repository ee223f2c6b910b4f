/** A pending timer; cancelling twice, or after it fired, is fine. */
export interface Timer {
  cancel(): void;
}

/**
 * The only door to time. Everything that waits or measures takes a Clock, so that tests pass their own.
 * Durations are milliseconds; `epochUs` is microseconds since 1970 that never step back within a process.
 */
export interface Clock {
  /** Wall time, ms since 1970. May step when the machine's clock is set. */
  nowMs(): number;
  /** µs since 1970, anchored once at the process's start to the monotonic clock. */
  epochUs(): number;
  /** ms on a clock that never steps; only differences mean anything. */
  monotonicMs(): number;
  /** Calls `fn` once, after `ms`. */
  after(ms: number, fn: () => void): Timer;
  /** Calls `fn` every `ms`; a slow `fn` delays the next call, calls never pile up. */
  every(ms: number, fn: () => void): Timer;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** ms since 1970 → `2026-01-31T18:00:00.000Z`. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** An HTTP or ISO date → ms since 1970; null for what is none. */
export function parseTimeMs(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function sleepOn(clock: Pick<Clock, 'after'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The machine's own time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  epochUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  monotonicMs: () => performance.now(),
  after(ms, fn) {
    const handle = setTimeout(fn, ms);
    return { cancel: () => clearTimeout(handle) };
  },
  every(ms, fn) {
    const handle = setInterval(fn, ms);
    return { cancel: () => clearInterval(handle) };
  },
  sleep: (ms, signal) => sleepOn(systemClock, ms, signal),
};

/** A clock that moves only when told to; for tests of anything that waits. */
export class ManualClock implements Clock {
  #nowMs: number;
  #sequence = 0;
  readonly #due = new Map<number, { atMs: number; everyMs: number | null; fn: () => void }>();

  constructor(startMs = 1_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }
  epochUs(): number {
    return this.#nowMs * 1000;
  }
  monotonicMs(): number {
    return this.#nowMs;
  }
  after(ms: number, fn: () => void): Timer {
    return this.#schedule(ms, null, fn);
  }
  every(ms: number, fn: () => void): Timer {
    return this.#schedule(ms, ms, fn);
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Moves time on by `ms`, firing what falls due, in order. */
  advance(ms: number): void {
    const target = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#due].sort((a, b) => a[1].atMs - b[1].atMs || a[0] - b[0])[0];
      if (!next || next[1].atMs > target) break;
      const [id, entry] = next;
      this.#nowMs = entry.atMs;
      if (entry.everyMs === null) this.#due.delete(id);
      else entry.atMs += Math.max(entry.everyMs, 1);
      entry.fn();
    }
    this.#nowMs = target;
  }

  #schedule(ms: number, everyMs: number | null, fn: () => void): Timer {
    const id = this.#sequence++;
    this.#due.set(id, { atMs: this.#nowMs + Math.max(ms, 0), everyMs, fn });
    return { cancel: () => this.#due.delete(id) };
  }
}
