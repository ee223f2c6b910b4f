import type { Log } from '@millrace/core';
import type { Lane, LaneRun } from './lane.ts';

/**
 * Suspects that run at once in one worker process. Each costs a Node of its own (about 80 MB and 0.3 s of a core to
 * start), and one of them is out for its process's life: the fleet must not start as many as it lost slots. Not one,
 * so that a long innocent does not hold up the others.
 */
export const QUARANTINE_SLOTS = 2;

/**
 * Where suspects of a death run: one to a process (`isolated`), `slots` of them at once. The others wait in the order
 * in which they came; waiting is not running. Whoever is told to stop while it waits never begins.
 *
 * A place is given back at the outcome; its child is gone within a second of that. An endless loop keeps a place for
 * `supervision.busyLimitMs` where its handler is of the io lane. One of the cpu lane may compute, alone as in its
 * thread, for as long as its timeout lets it; without one it keeps the place, as it would keep a thread for ever.
 */
export function createQuarantine(isolated: Lane, log: Log, slots = QUARANTINE_SLOTS): Lane {
  let free = slots;
  const waiting: (() => void)[] = [];

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return;
    }
    const turn = Promise.withResolvers<void>();
    const giveUp = () => {
      const place = waiting.indexOf(turn.resolve);
      if (place >= 0) waiting.splice(place, 1);
      turn.reject(signal.reason);
    };
    waiting.push(turn.resolve);
    signal.addEventListener('abort', giveUp, { once: true });
    await turn.promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }

  return {
    async run(run: LaneRun) {
      const { job, handler, signal, abandon } = run;
      try {
        await enter(AbortSignal.any([signal, abandon]));
      } catch (reason) {
        return { kind: 'fail', error: reason as Error, retry: true };
      }
      const fields = { job: job.id, queue: job.queue, handler: handler.name };
      log.info(fields, 'Runs alone: it was there when a worker died');
      return isolated.run(run).finally(leave);
    },
  };
}
