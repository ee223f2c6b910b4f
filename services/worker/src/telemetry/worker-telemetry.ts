import { fstatSync } from 'node:fs';
import { type Clock, type Config, lifecycle, queueSettings, storeAddress } from '@millrace/core';
import type { TelemetrySettings } from '@millrace/telemetry';
import { SPAN_COUNT_FD, SPANS_FD } from '../ipc.ts';
import { createProcessWeather } from './process-weather.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createSpanCounter } from './span-count.ts';
import { createSpanPipe } from './span-pipe.ts';

/** The spans of one worker process: made here, sent by its pod. */
export interface WorkerTelemetry {
  start(): Promise<void>;
  recorderOf(queue: string): Recorder;
  /** What was kept is in the pod's hands, or the pod does not read. */
  stop(): Promise<void>;
}

const isOpen = (file: number) => {
  try {
    fstatSync(file);
    return true;
  } catch {
    return false;
  }
};

/** Null where no pod takes spans. */
export function openWorkerTelemetry(
  config: Config,
  settings: TelemetrySettings,
  clock: Clock,
): WorkerTelemetry | null {
  if (settings.traces === null || !isOpen(SPANS_FD)) return null;
  const counter = isOpen(SPAN_COUNT_FD) ? createSpanCounter(SPAN_COUNT_FD) : null;
  const pipe = createSpanPipe(SPANS_FD, counter, { limits: settings.limits, clock });
  const weather = createProcessWeather(clock);
  const shared = {
    policy: settings.sampling,
    store: storeAddress(config.redis),
    keep: pipe.add,
    ofHandler: () => [],
    weather: weather.during,
  };
  return {
    ...lifecycle(weather.start, async () => {
      await weather.stop();
      await pipe.end();
    }),
    recorderOf: (queue) => createRecorder(queueSettings(config, queue).traces, shared),
  };
}
