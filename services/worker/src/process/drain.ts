import { type Clock, DRAIN_MARGINS, type Timer } from '@millrace/core';
import type { Consumer } from '@millrace/queue';

export interface DrainTimes {
  readonly timeoutMs: number;
  readonly noticeMs: number;
}

/** Who runs nothing waits for the store no longer than this, and once more so long for it to take back a lost take. Ms. */
const IDLE_WAIT_MS = 1_000;

export interface DrainDependencies {
  readonly consumers: () => readonly Pick<Consumer, 'quiesce' | 'idle' | 'runningIds' | 'handBack'>[];
  /** Tells the running handlers. */
  readonly notice: () => void;
  readonly clock: Clock;
}

/** How a drain ended: ids handed back; `orderly` false when the store did not say that it holds none of ours. */
export interface DrainResult {
  readonly handedBack: readonly string[];
  readonly orderly: boolean;
}

/** The end of a worker process. */
export interface Drain {
  /** The first call begins it; a later one can only bring its end nearer. All calls share one result. */
  begin(times: DrainTimes): Promise<DrainResult>;
  readonly begun: boolean;
}

/**
 * Take no more → let running jobs finish → tell handlers `noticeMs` before the end → hand back the rest.
 * It ends at `timeoutMs` plus what handing back takes, also when the store does not answer; and at once when it does not
 * and nothing runs. What runs goes on without it: a job's end may be told when it is back.
 */
export function createDrain({ consumers, notice, clock }: DrainDependencies): Drain {
  const timeIsUp = Promise.withResolvers<'time-is-up'>();
  let endAtMs = Number.POSITIVE_INFINITY;
  let timers: Timer[] = [];
  let result: Promise<DrainResult> | undefined;

  function shorten({ timeoutMs, noticeMs }: DrainTimes): void {
    const nowMs = clock.monotonicMs();
    if (nowMs + timeoutMs >= endAtMs) return;
    endAtMs = nowMs + timeoutMs;
    for (const timer of timers) timer.cancel();
    timers = [
      clock.after(Math.max(0, timeoutMs - noticeMs), notice),
      clock.after(timeoutMs, () => timeIsUp.resolve('time-is-up')),
    ];
  }

  /** Resolves once nothing has run at two looks in a row; the first is now. */
  function nothingRuns(ended: AbortSignal): Promise<'idle'> {
    const { promise, resolve } = Promise.withResolvers<'idle'>();
    const isIdle = () => consumers().every((consumer) => consumer.runningIds().length === 0);
    let was = isIdle();
    const looks = clock.every(IDLE_WAIT_MS, () => {
      const is = isIdle();
      if (was && is) resolve('idle');
      was = is;
    });
    ended.addEventListener('abort', () => looks.cancel());
    return promise;
  }

  async function run(): Promise<DrainResult> {
    const ended = new AbortController();
    const quiet = Promise.all(consumers().map((consumer) => consumer.quiesce().then(() => consumer.idle())));
    // The store's no is not the end: what runs still may.
    const quietOrNever = quiet.catch(() => new Promise<never>(() => undefined));
    const first = await Promise.race([quietOrNever, timeIsUp.promise, nothingRuns(ended.signal)]);
    ended.abort();
    for (const timer of timers) timer.cancel();
    if (Array.isArray(first)) return { handedBack: [], orderly: true };
    return handBack(first === 'idle' ? IDLE_WAIT_MS : DRAIN_MARGINS.handBackMs);
  }

  /** One deadline for all queues: the store that answers one answers all. After it the supervisor reclaims. */
  async function handBack(withinMs: number): Promise<DrainResult> {
    const limit = Promise.withResolvers<null>();
    const timer = clock.after(withinMs, () => limit.resolve(null));
    const all = Promise.all(consumers().map((consumer) => consumer.handBack('drain')));
    const ids = await Promise.race([all.catch(() => null), limit.promise]);
    timer.cancel();
    return ids === null ? { handedBack: [], orderly: false } : { handedBack: ids.flat(), orderly: true };
  }

  return {
    begin(times) {
      shorten(times);
      result ??= run();
      return result;
    },
    get begun() {
      return result !== undefined;
    },
  };
}
