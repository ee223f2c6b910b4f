import { type Clock, DRAIN_MARGINS, type Timer } from '@millrace/core';
import type { Consumer } from '@millrace/queue';

export interface DrainTimes {
  readonly timeoutMs: number;
  readonly noticeMs: number;
}

export interface DrainDependencies {
  readonly consumers: () => readonly Pick<Consumer, 'quiesce' | 'idle' | 'handBack'>[];
  /** Tells the running handlers. */
  readonly notice: () => void;
  readonly clock: Clock;
}

/** How a drain ended: ids handed back; `orderly` false when the store did not take them. */
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
 * It ends at `timeoutMs` plus what handing back takes, also when the store does not answer.
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

  async function run(): Promise<DrainResult> {
    const quiet = Promise.all(consumers().map((consumer) => consumer.quiesce().then(() => consumer.idle())));
    const first = await Promise.race([quiet, timeIsUp.promise]).catch(() => 'store-away' as const);
    if (first === 'store-away') await timeIsUp.promise;
    for (const timer of timers) timer.cancel();
    if (Array.isArray(first)) return { handedBack: [], orderly: true };
    return handBack();
  }

  /** One deadline for all queues: the store that answers one answers all. After it the supervisor reclaims. */
  async function handBack(): Promise<DrainResult> {
    const limit = Promise.withResolvers<null>();
    const timer = clock.after(DRAIN_MARGINS.handBackMs, () => limit.resolve(null));
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
