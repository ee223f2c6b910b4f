import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Clock, Timer } from '@millrace/core';
import { createDurationHistogram, type DurationCounts } from './histogram.ts';

/** How often the delay is sampled, ms: a sample of an idle loop is about this, not 0. */
const RESOLUTION_MS = 20;
const WINDOW_MS = 1_000;

/** How long the event loop of this thread keeps others waiting. */
export interface EventLoopMeter {
  start(): void;
  stop(): void;
  /** The longest delay of each second. */
  delays(): DurationCounts;
  /** Seconds so far in which the loop did something, and in which it waited for something to do. */
  busy(): { readonly activeSeconds: number; readonly idleSeconds: number };
}

/**
 * Two monitors, reset in turn: a reset forgets when the last sample was, so a block that begins right after it is
 * invisible to that one, but not to the other.
 */
export function createEventLoopMeter(clock: Clock): EventLoopMeter {
  const monitors = [0, 1].map(() => monitorEventLoopDelay({ resolution: RESOLUTION_MS }));
  const delays = createDurationHistogram();
  let windows = 0;
  let timer: Timer | undefined;

  function endWindow(): void {
    const [current, other] = windows++ % 2 === 0 ? monitors : [...monitors].reverse();
    const longestMs = Math.max(current?.max ?? 0, other?.max ?? 0) / 1e6;
    delays.record((longestMs - RESOLUTION_MS) / 1e3);
    current?.reset();
  }

  return {
    start() {
      for (const monitor of monitors) monitor.enable();
      timer = clock.every(WINDOW_MS, endWindow);
    },
    stop() {
      timer?.cancel();
      for (const monitor of monitors) monitor.disable();
    },
    delays: () => delays.counts(),
    busy() {
      const { active, idle } = performance.eventLoopUtilization();
      return { activeSeconds: active / 1e3, idleSeconds: idle / 1e3 };
    },
  };
}
