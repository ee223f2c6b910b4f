import { fstatSync } from 'node:fs';
import {
  type Clock,
  type Config,
  type DeadAttempt,
  type Lifecycle,
  type Log,
  lifecycle,
  queueSettings,
  storeAddress,
  type Timer,
} from '@millrace/core';
import { lostAttemptSpans, type SpanPlace, type TelemetrySettings } from '@millrace/telemetry';
import { createHandlerTracing } from '@millrace/telemetry/handler-spans';
import { SPAN_COUNT_FD, SPANS_FD } from '../ipc.ts';
import { currentRun } from '../lanes/current-run.ts';
import { createOpenRuns, type OpenRuns } from './open-runs.ts';
import { createProcessWeather } from './process-weather.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import type { OpenRun } from './run-tracing.ts';
import { createSpanCounter } from './span-count.ts';
import { createSpanPipe } from './span-pipe.ts';

/** The spans of one worker process: made here, sent by its pod. `stop` hands over what was kept. */
export interface WorkerTelemetry extends Lifecycle {
  readonly settings: TelemetrySettings;
  /** Before handlers are loaded; `start` may come after. */
  watch(): Promise<void>;
  readonly open: OpenRun;
  recorderOf(queue: string): Recorder;
  /** The spans of attempts that are told within `tell` are counted once for all, before anything else runs. */
  readonly asOneReply: (tell: () => void) => void;
  /** Attempts of anybody whose locks ran out, and whose jobs this process put back. */
  readonly lost: (attempts: readonly DeadAttempt[]) => void;
  /** For a process that ends without more ado: what it kept in this turn leaves now. */
  flush(): void;
  /** The span that runs now; null outside of handlers. */
  active(): SpanPlace | null;
}

/** How often what was dropped is told. */
const TELL_MS = 1_000;

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
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): WorkerTelemetry | null {
  if (settings.traces === null || !isOpen(SPANS_FD)) return null;
  const counter = isOpen(SPAN_COUNT_FD) ? createSpanCounter(SPAN_COUNT_FD) : null;
  const pipe = createSpanPipe(SPANS_FD, counter, { limits: settings.limits, clock });
  const weather = createProcessWeather(clock);
  const tracing = createHandlerTracing(settings, {
    log,
    sink: pipe.add,
    ambient: () => currentRun.getStore()?.tracing.scope() ?? undefined,
  });
  const policy = settings.sampling;
  const store = storeAddress(config.redis);
  const shapeOf = (queue: string) => queueSettings(config, queue).traces;
  const shared = { policy, store, keep: pipe.add, weather: weather.during };
  const queues = new Map<string, OpenRuns>();
  const tellExcess = () => counter?.exceeded(tracing.stats().dropped);
  let telling: Timer | undefined;

  function runsOf(queue: string): OpenRuns {
    const runs = queues.get(queue) ?? createOpenRuns(tracing, policy, shapeOf(queue));
    queues.set(queue, runs);
    return runs;
  }

  return {
    ...lifecycle(
      async () => {
        await tracing.start();
        await weather.start();
        telling = clock.every(TELL_MS, tellExcess);
      },
      async () => {
        telling?.cancel();
        tellExcess();
        await weather.stop();
        await tracing.stop();
        await pipe.end();
      },
    ),
    settings,
    watch: tracing.watch,
    open: (job) => runsOf(job.queue).open(job),
    recorderOf: (queue) => createRecorder(shapeOf(queue), { ...shared, settle: runsOf(queue).settle }),
    asOneReply: counter?.asOne ?? ((tell) => tell()),
    lost(attempts) {
      for (const attempt of attempts) {
        pipe.add(lostAttemptSpans(attempt, { sampling: policy, shapeOf, store }));
      }
    },
    flush: pipe.flush,
    active: tracing.active,
  };
}
