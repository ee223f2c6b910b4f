import type { EndedAttempt } from '@millrace/core';
import type { TakenJob } from '@millrace/queue';
import {
  type HandlerContext,
  type HandlerScope,
  type HandlerTracing,
  jobTrace,
  processPlace,
  type SamplingPolicy,
  type SpanRecord,
  type TraceShape,
} from '@millrace/telemetry';
import { attemptStartCut } from './recorder.ts';
import type { RunTracing } from './run-tracing.ts';

/** The runs of one queue whose attempts the store has not told the end of. */
export interface OpenRuns {
  /** Costs one object, until its handler asks for OpenTelemetry's context. */
  open(job: TakenJob): RunTracing;
  /** The attempt has ended, and its spans are kept or not: so are its handler's own. */
  settle(attempt: Pick<EndedAttempt, 'id' | 'start'>, keep: boolean): void;
}

/** An end that the store refuses is told to nobody: of so many runs, the oldest is given up. */
const MOST_OPEN = 10_000;

/** What the handler's spans, and whom it calls, are told of the attempt. */
function contextOf(job: TakenJob, policy: SamplingPolicy, shape: TraceShape): HandlerContext {
  const traced = { queue: job.queue, id: job.id, ...job.provenance() };
  const trace = jobTrace(traced, shape);
  const { traceState, baggage } = trace.carrier;
  return {
    place: processPlace(trace, traced, job.fence),
    isSampled: attemptStartCut(policy, traced) !== null,
    traceState,
    baggage,
  };
}

/** A run that opens its scope when it is asked for. */
class LazyRun implements RunTracing {
  readonly #job: TakenJob;
  readonly #begin: (job: TakenJob, hasEnded: boolean) => HandlerScope;
  readonly #tracing: HandlerTracing;
  #scope: HandlerScope | null = null;
  #hasEnded = false;

  constructor(
    job: TakenJob,
    begin: (job: TakenJob, hasEnded: boolean) => HandlerScope,
    tracing: HandlerTracing,
  ) {
    this.#job = job;
    this.#begin = begin;
    this.#tracing = tracing;
  }

  scope(): HandlerScope {
    this.#scope ??= this.#begin(this.#job, this.#hasEnded);
    return this.#scope;
  }
  context(): HandlerContext {
    return this.scope().describe();
  }
  adopt(spans: readonly SpanRecord[]): void {
    if (spans.length > 0) this.#tracing.adopt(this.scope(), spans);
  }
  ended(): void {
    this.#hasEnded = true;
  }
}

export function createOpenRuns(tracing: HandlerTracing, policy: SamplingPolicy, shape: TraceShape): OpenRuns {
  const runs = new Map<string, { readonly start: number; readonly scope: HandlerScope }>();

  function forget(id: string, keep: boolean): void {
    const run = runs.get(id);
    if (!run) return;
    runs.delete(id);
    tracing.settle(run.scope, keep);
  }

  function begin(job: TakenJob, hasEnded: boolean): HandlerScope {
    const scope = tracing.open(() => contextOf(job, policy, shape));
    if (hasEnded) {
      // Its job may run here again by now: that run is not touched.
      tracing.settle(scope, false);
      return scope;
    }
    forget(job.id, false);
    if (runs.size >= MOST_OPEN) forget(runs.keys().next().value as string, false);
    runs.set(job.id, { start: job.fence, scope });
    return scope;
  }

  return {
    open: (job) => new LazyRun(job, begin, tracing),
    settle(attempt, keep) {
      if (runs.size === 0) return;
      const { id, start } = attempt;
      if (runs.get(id)?.start === start) forget(id, keep);
    },
  };
}
