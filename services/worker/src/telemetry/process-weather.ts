import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import { type Clock, lifecycle } from '@millrace/core';
import type { SpanRecord } from '@millrace/telemetry';

/** How often the event loop's delay is sampled: a sample of an idle loop is about this, not 0. */
const RESOLUTION_MS = 20;
/** The longest delay of each such stretch is remembered, for `REMEMBERED` of them. */
const STRETCH_MS = 250;
const REMEMBERED = 240;
const US_A_MS = 1000;

/** Something that held up the process, µs since 1970. */
interface Hold {
  readonly fromUs: number;
  readonly toUs: number;
  readonly ms: number;
}

/** The last `REMEMBERED` holds. They come in the order of their time, and who asks mostly asks of the latest. */
function memory() {
  const holds: Hold[] = [];
  return {
    push(hold: Hold): void {
      holds.push(hold);
      if (holds.length > REMEMBERED) holds.shift();
    },
    during(fromUs: number, toUs: number): number[] {
      const found: number[] = [];
      for (let i = holds.length - 1; i >= 0; i--) {
        const { fromUs: beganUs, toUs: endedUs, ms } = holds[i] as Hold;
        if (endedUs < fromUs) break;
        if (beganUs <= toUs) found.push(ms);
      }
      return found;
    },
  };
}

/**
 * What held up the whole process of late: the longest delay of its event loop and the pauses of its garbage collector.
 * Sampled between `start` and `stop`.
 */
export function createProcessWeather(clock: Clock) {
  const delays = memory();
  const pauses = memory();
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const sinceEpochUs = () => clock.epochUs() - performance.now() * US_A_MS;
  const observer = new PerformanceObserver((list) => {
    const offsetUs = sinceEpochUs();
    for (const { startTime, duration } of list.getEntries()) {
      const fromUs = offsetUs + startTime * US_A_MS;
      pauses.push({ fromUs, toUs: fromUs + duration * US_A_MS, ms: duration });
    }
  });
  let beganUs = clock.epochUs();
  let stretches: { cancel(): void } | undefined;
  const longestMs = () => Math.max(0, histogram.max / 1e6 - RESOLUTION_MS);

  function turn(): void {
    const nowUs = clock.epochUs();
    if (histogram.count > 0) delays.push({ fromUs: beganUs, toUs: nowUs, ms: longestMs() });
    histogram.reset();
    beganUs = nowUs;
  }

  return {
    ...lifecycle(
      async () => {
        histogram.enable();
        observer.observe({ entryTypes: ['gc'] });
        stretches = clock.every(STRETCH_MS, turn);
      },
      async () => {
        stretches?.cancel();
        stretches = undefined;
        histogram.disable();
        observer.disconnect();
      },
    ),
    get isRunning() {
      return stretches !== undefined;
    },
    /** Of that time, as far as it is remembered: a minute. */
    during(fromUs: number, toUs: number): SpanRecord['attributes'] {
      const now = toUs >= beganUs && histogram.count > 0 ? longestMs() : 0;
      const delayMs = Math.max(now, ...delays.during(fromUs, toUs));
      const gcMs = pauses.during(fromUs, toUs).reduce((sum, ms) => sum + ms, 0);
      return { 'millrace.loop_delay_ms': round(delayMs), 'millrace.gc_ms': round(gcMs) };
    },
  };
}

const round = (ms: number) => Math.round(ms * 10) / 10;
