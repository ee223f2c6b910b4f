import { type Clock, didYouMean, MillraceError } from '@millrace/core';
import type { Board } from '@millrace/queue';

/** Names read from the store are believed this long. */
const FRESH_MS = 500;

/** The queues there are: those of the handlers, of the pools and of the configuration, and those the store has seen. */
export interface KnownQueues {
  names(): Promise<readonly string[]>;
  /** Throws `not_found`, with a suggestion, for a queue that is none of these. */
  assert(name: string): Promise<void>;
  /** A job was accepted: the store is told of the queue, once. Never throws. */
  used(name: string): void;
}

export function createKnownQueues(
  declared: readonly string[],
  board: Pick<Board, 'queueNames' | 'addQueueName'>,
  clock: Clock,
): KnownQueues {
  const own = new Set(declared);
  const told = new Set<string>();
  let seen: ReadonlySet<string> = new Set();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const read = async () => {
    seen = new Set(await board.queueNames());
    readAtMs = clock.monotonicMs();
  };
  /** Callers at the same time share one look, and a flood of unknown names is not a flood of reads. */
  const refresh = (): Promise<void> => {
    if (clock.monotonicMs() - readAtMs < FRESH_MS) return Promise.resolve();
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const names = () => [...new Set([...own, ...seen])].sort();

  return {
    async names() {
      await refresh();
      return names();
    },
    async assert(name) {
      if (own.has(name) || seen.has(name)) return;
      await refresh();
      if (seen.has(name)) return;
      throw new MillraceError('not_found', `There is no queue "${name}"${didYouMean(name, names())}.`);
    },
    used(name) {
      if (told.has(name)) return;
      told.add(name);
      board.addQueueName(name).catch(() => told.delete(name));
    },
  };
}
