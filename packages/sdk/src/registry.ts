import { MillraceError } from '@millrace/core';
import type { Handler } from './handler.ts';
import { type Checked, checkData } from './schema-faults.ts';

/** The handlers a process knows, by queue and name. */
export interface HandlerRegistry {
  /** Sorted. */
  readonly queues: readonly string[];
  /** Names of a queue's handlers, sorted; empty when the queue has none. */
  names(queue: string): readonly string[];
  get(queue: string, name: string): Handler | undefined;
  /** Jobs at once in one worker process, as the queue's handlers say; null when none of them does. */
  concurrency(queue: string): number | null;
  /** Checks a job's data. A handler without `input` takes anything. Throws `not_found` when there is no handler. */
  validate(queue: string, name: string, data: unknown): Promise<Checked>;
}

/** Builds the registry of handlers that are known to agree with each other (see `conflicts`). */
export function createRegistry(handlers: readonly Handler[]): HandlerRegistry {
  const byQueue = new Map<string, Map<string, Handler>>();
  for (const handler of handlers) {
    const names = byQueue.get(handler.queue) ?? new Map<string, Handler>();
    byQueue.set(handler.queue, names.set(handler.name, handler));
  }
  const get = (queue: string, name: string) => byQueue.get(queue)?.get(name);
  return {
    queues: [...byQueue.keys()].sort(),
    names: (queue) => [...(byQueue.get(queue)?.keys() ?? [])].sort(),
    get,
    concurrency(queue) {
      for (const { concurrency } of byQueue.get(queue)?.values() ?? []) {
        if (concurrency !== null) return concurrency;
      }
      return null;
    },
    async validate(queue, name, data) {
      const handler = get(queue, name);
      if (!handler)
        throw new MillraceError('not_found', `There is no handler "${name}" of queue "${queue}".`);
      return checkData(handler, data);
    },
  };
}
