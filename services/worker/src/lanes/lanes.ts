import { type Lifecycle, type Log, lifecycle } from '@millrace/core';
import type { Handler, HandlerRegistry } from '@millrace/sdk';
import { createCpuLane } from './cpu-lane.ts';
import { createIoLane } from './io-lane.ts';
import { createIsolatedLane } from './isolated-lane.ts';
import type { Lane } from './lane.ts';

export interface LanesOptions {
  /** Threads of the cpu lane; none are made when no handler could use one. */
  readonly threads: number;
  /** Where the outputs of isolated handlers go. */
  readonly output: NodeJS.WritableStream;
  readonly log: Log;
}

/** All ways to run a handler in one worker process. */
export interface Lanes extends Lifecycle {
  laneOf(handler: Handler): Lane;
}

function usesThreads(handler: Handler): boolean {
  return handler.isolation === 'none' && (handler.lane === 'cpu' || handler.compute !== null);
}

/** Isolation goes before the lane: a process of its own is a cpu lane of its own. */
export function createLanes(registry: HandlerRegistry, { threads, output, log }: LanesOptions): Lanes {
  const handlers = registry.queues.flatMap((queue) =>
    registry.names(queue).flatMap((name) => registry.get(queue, name) ?? []),
  );
  const files = handlers.filter(usesThreads).map(({ file }) => file);
  const cpu = createCpuLane({ threads, files, log });
  const io = createIoLane(cpu, log);
  const isolated = createIsolatedLane(output, log);
  return {
    ...lifecycle(
      async () => {
        if (files.length > 0) await cpu.start();
      },
      () => cpu.stop(),
    ),
    laneOf: ({ isolation, lane }) => (isolation === 'process' ? isolated : lane === 'cpu' ? cpu : io),
  };
}
