import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the event loop's delay is sampled, ms: a sample of an idle loop is about this, not 0. */
const RESOLUTION_MS = 20;

/** A process's body: times ms, sizes bytes. */
export interface Vitals {
  /** Longest event-loop delay since the reading before the last. */
  readonly loopDelayMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** CPU time of the calling thread so far, ms: of the event loop, when called there. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Reads the vitals of this process; `stop` ends the sampling. */
export interface VitalsReader {
  read(): Vitals;
  stop(): void;
}

/**
 * Two histograms, reset in turn: a reset forgets when the last sample was, so a block that begins right after it
 * is invisible to that histogram, but not to the other.
 */
export function createVitalsReader(): VitalsReader {
  const histograms = [0, 1].map(() => monitorEventLoopDelay({ resolution: RESOLUTION_MS }));
  for (const histogram of histograms) histogram.enable();
  let readings = 0;
  return {
    read() {
      const { user, system } = process.cpuUsage();
      const longestMs = Math.max(...histograms.map(({ max }) => max)) / 1e6;
      histograms[readings++ % 2]?.reset();
      return {
        loopDelayMs: Math.max(0, Math.round(longestMs - RESOLUTION_MS)),
        cpuMs: Math.round((user + system) / 1000),
        rssBytes: process.memoryUsage.rss(),
        heapBytes: process.memoryUsage().heapUsed,
      };
    },
    stop() {
      for (const histogram of histograms) histogram.disable();
    },
  };
}
