import { type Clock, lifecycle, type Timer } from '@millrace/core';

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 10_000;

export interface WorkQueueOptions {
  /**
   * Brings one thing to what it is to be by now. Rejects to be tried again. Level-driven: whatever was put in before it
   * runs is one run, and what is to be done it reads for itself.
   */
  readonly reconcile: (key: string) => Promise<void>;
  /** Runs a second, over all keys; as many may come at once. */
  readonly perSecond: number;
  readonly onFailure: (key: string, error: unknown) => void;
  readonly clock: Clock;
}

/** What a queue has done. */
export interface WorkRecord {
  readonly ok: number;
  readonly failed: number;
  /** Runs of keys that had failed before. */
  readonly retries: number;
  readonly tookMs: number;
}

/** Keys that wait for their turn: each key once, one run at a time for each, slower after failures. */
export interface WorkQueue {
  start(): Promise<void>;
  /** Nothing is begun from then on; resolves when nothing runs. */
  stop(): Promise<void>;
  put(key: string): void;
  /** Whether one more write beside the queue's own is not too many in this second; counts it as one. */
  spend(): boolean;
  readonly record: WorkRecord;
  /** Keys that wait, wait for a retry, or run. */
  readonly depth: number;
}

/** Ms before the next try of a key that failed so often in a row. */
export function retryAfterMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16));
}

/** See {@link WorkQueue}. */
export function createWorkQueue({ reconcile, perSecond, onFailure, clock }: WorkQueueOptions): WorkQueue {
  const waiting = new Set<string>();
  const again = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const failures = new Map<string, number>();
  const retries = new Map<string, Timer>();
  const record = { ok: 0, failed: 0, retries: 0, tookMs: 0 };
  let tokens = perSecond;
  let filledMs = clock.monotonicMs();
  let pump: Timer | undefined;
  let open = false;

  function refill(): void {
    const atMs = clock.monotonicMs();
    tokens = Math.min(perSecond, tokens + ((atMs - filledMs) * perSecond) / 1_000);
    filledMs = atMs;
  }

  function run(): void {
    if (!open) return;
    refill();
    for (const key of waiting) {
      if (tokens < 1) break;
      if (running.has(key)) {
        again.add(key);
        waiting.delete(key);
        continue;
      }
      tokens -= 1;
      waiting.delete(key);
      running.set(key, runOne(key));
    }
    pump?.cancel();
    pump = waiting.size > 0 ? clock.after(1_000 / perSecond, run) : undefined;
  }

  async function runOne(key: string): Promise<void> {
    const startedMs = clock.monotonicMs();
    if (failures.has(key)) record.retries += 1;
    try {
      await reconcile(key);
      record.ok += 1;
      failures.delete(key);
    } catch (error) {
      record.failed += 1;
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      onFailure(key, error);
      retryLater(key, count);
    } finally {
      record.tookMs += clock.monotonicMs() - startedMs;
      running.delete(key);
      if (again.delete(key)) put(key);
    }
  }

  function retryLater(key: string, count: number): void {
    if (!open) return;
    retries.get(key)?.cancel();
    retries.set(
      key,
      clock.after(retryAfterMs(count), () => put(key)),
    );
  }

  function put(key: string): void {
    retries.get(key)?.cancel();
    retries.delete(key);
    waiting.add(key);
    run();
  }

  return {
    ...lifecycle(
      async () => {
        open = true;
        run();
      },
      async () => {
        open = false;
        pump?.cancel();
        for (const timer of retries.values()) timer.cancel();
        retries.clear();
        waiting.clear();
        await Promise.all(running.values());
      },
    ),
    put,
    spend() {
      refill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    record,
    get depth() {
      return new Set([...waiting, ...running.keys(), ...retries.keys()]).size;
    },
  };
}
