import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the event loop's delay is sampled, ms: a sample of an idle loop is about this, not 0. */
const RESOLUTION_MS = 10;

/** A process's body: times ms, sizes bytes. */
export interface Vitals {
  /** Longest event-loop delay since the last reading. */
  readonly loopDelayMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** Reads the vitals of this process; `stop` ends the sampling. */
export interface VitalsReader {
  read(): Vitals;
  stop(): void;
}

export function createVitalsReader(): VitalsReader {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    read() {
      const { user, system } = process.cpuUsage();
      const longestMs = histogram.max / 1e6;
      histogram.reset();
      return {
        loopDelayMs: Math.max(0, Math.round(longestMs - RESOLUTION_MS)),
        cpuMs: Math.round((user + system) / 1000),
        rssBytes: process.memoryUsage.rss(),
        heapBytes: process.memoryUsage().heapUsed,
      };
    },
    stop: () => void histogram.disable(),
  };
}
