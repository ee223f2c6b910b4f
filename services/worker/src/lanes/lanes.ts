import { type Clock, type Lifecycle, type Log, lifecycle } from '@millrace/core';
import type { Handler, HandlerRegistry } from '@millrace/sdk';
import type { TelemetrySettings } from '@millrace/telemetry';
import type { AloneReport } from './alone-report.ts';
import { createCpuLane } from './cpu-lane.ts';
import { createIoLane, type IoWatch } from './io-lane.ts';
import { createIsolatedLane } from './isolated-lane.ts';
import type { Lane } from './lane.ts';
import { createQuarantine } from './quarantine.ts';
import type { SilenceLimits } from './silence.ts';
import { createVerdict } from './verdict.ts';

export interface LanesOptions {
  /** Threads of the cpu lane; none are made when no handler could use one. */
  readonly threads: number;
  /** Suspects run alone, and deaths of threads and processes count against their jobs. */
  readonly quarantine: boolean;
  /** The start id of this worker process. */
  readonly worker: string;
  /** Where the outputs of isolated handlers go. */
  readonly output: NodeJS.WritableStream;
  readonly ioWatch: IoWatch;
  /** How long the event loop of an isolated handler of the io lane may stand still. */
  readonly silence: SilenceLimits;
  /** What the pod is told of isolated handlers' processes. */
  readonly alone: AloneReport;
  /** How handlers' own spans are made in threads; null: they are not. */
  readonly tracing: TelemetrySettings | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** All ways to run a handler in one worker process. */
export interface Lanes extends Lifecycle {
  laneOf(handler: Handler, suspect: boolean): Lane;
}

function usesThreads(handler: Handler): boolean {
  return handler.isolation === 'none' && (handler.lane === 'cpu' || handler.compute !== null);
}

/** Quarantine goes before isolation, and isolation before the lane: a process of its own is a cpu lane of its own. */
export function createLanes(registry: HandlerRegistry, options: LanesOptions): Lanes {
  const { threads, quarantine, ioWatch, tracing, log } = options;
  const handlers = registry.queues.flatMap((queue) =>
    registry.names(queue).flatMap((name) => registry.get(queue, name) ?? []),
  );
  const files = handlers.filter(usesThreads).map(({ file }) => file);
  const verdict = createVerdict(options);
  const cpu = createCpuLane({ threads, files, tracing, verdict, log });
  const io = createIoLane(cpu, ioWatch, log);
  const isolated = createIsolatedLane({ ...options, verdict });
  const alone = createQuarantine(isolated, log);
  return {
    ...lifecycle(
      async () => {
        if (files.length > 0) await cpu.start();
      },
      () => cpu.stop(),
    ),
    laneOf({ isolation, lane }, suspect) {
      if (suspect && quarantine) return alone;
      if (isolation === 'process') return isolated;
      return lane === 'cpu' ? cpu : io;
    },
  };
}
