import { MillraceError } from '@millrace/core';
import type { HandlerRegistry } from '@millrace/sdk';

/**
 * The handlers that a pool's workers serve: all, or those of the queues that the pool names. Throws `handlers_invalid`
 * when one of these has none: jobs of it would wait for ever.
 */
export function handlersOfPool(
  registry: HandlerRegistry,
  pool: string,
  queues: readonly string[] | undefined,
): HandlerRegistry {
  if (queues === undefined) return registry;
  const missing = queues.filter((queue) => !registry.queues.includes(queue));
  if (missing.length > 0) {
    const names = missing.map((queue) => `"${queue}"`).join(', ');
    throw new MillraceError(
      'handlers_invalid',
      `The pool "${pool}" is to serve ${names}, for which there is no handler: correct pools.${pool}.queues, or add the handlers.`,
    );
  }
  return { ...registry, queues: registry.queues.filter((queue) => queues.includes(queue)) };
}
