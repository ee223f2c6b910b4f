import { type Config, queueSettings } from '@millrace/core';
import type { HandlerRegistry } from '@millrace/sdk';

/**
 * Jobs of `queue` at once in one process: what the configuration says of the queue, else what its handlers say,
 * else the default. Where every handler is on the cpu lane the default is a slot a thread: a job that waits here
 * for a thread would wait beside an idle process.
 */
export function slotsOf(config: Config, registry: HandlerRegistry, queue: string): number {
  const isCpuOnly = registry.names(queue).every((name) => {
    const handler = registry.get(queue, name);
    return handler?.lane === 'cpu' && handler.isolation === 'none';
  });
  const byDefault = isCpuOnly ? config.worker.cpuThreads : config.worker.concurrency;
  return queueSettings(config, queue).concurrency ?? registry.concurrency(queue) ?? byDefault;
}
