import { isMillraceError } from '@millrace/core';
import type { BoundedQueue, Store } from '@millrace/queue';
import { jobs, until } from './queue.ts';

/** Jobs that come one pair after another until it is stopped. */
export interface SteadyLoad {
  /** Ids of all that the store said yes to. */
  readonly accepted: ReadonlySet<string>;
  /** Calls that the store did not answer, or refused for a while. */
  refusals(): number;
  /** Resolves when the last call is answered. */
  stop(): Promise<void>;
}

/** Offers jobs; an outcome that is unknown is asked for again under its key. */
export function offerSteadily(queue: BoundedQueue): SteadyLoad {
  const accepted = new Set<string>();
  let refusals = 0;
  let running = true;
  async function offer(key: string): Promise<boolean> {
    try {
      const added = await queue.add(jobs(2), { key, bodyHash: 'h' });
      if (added.kind !== 'accepted') throw new Error(`not accepted: ${added.kind}`);
      for (const id of added.ids) accepted.add(id);
      return true;
    } catch (error) {
      if (!isMillraceError(error, 'store_unavailable')) throw error;
      refusals += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return false;
    }
  }
  const over = (async () => {
    for (let n = 0; running; ) if (await offer(`k${n}`)) n += 1;
  })();
  return {
    accepted,
    refusals: () => refusals,
    async stop() {
      running = false;
      await over;
    },
  };
}

/** Registers a reader of the queue's ledger; what it returns resolves once the ledger has seen all of `ids` done. */
export async function watchLedger(store: Store, queue: string) {
  await store.queue(queue).registerReader('count');
  const done: string[] = [];
  let cursor: string | null = null;
  async function read(): Promise<void> {
    const page = await store.queue(queue).readLedger('count', cursor, 1_000);
    cursor = page.cursor;
    for (const { id, outcome } of page.entries) if (outcome === 'completed') done.push(id);
  }
  return {
    async untilDone(ids: ReadonlySet<string>): Promise<void> {
      await until(
        async () => {
          await read();
          return [...ids].every((id) => done.includes(id));
        },
        'every accepted job is done',
        60_000,
      );
    },
    /** Ids that were committed as completed, once for each time. */
    completions: () => done,
  };
}
