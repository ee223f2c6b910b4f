import {
  type Clock,
  isMillraceError,
  MillraceError,
  messageOf,
  type Outcome,
  type Timer,
  TransientSet,
} from '@millrace/core';
import type { RunJob, TakenJob } from '@millrace/queue';
import type { Handler, HandlerRegistry } from '@millrace/sdk';
import type { Lane } from '../lanes/lane.ts';
import { withinLimit } from '../lanes/result-limit.ts';
import type { OpenRun } from '../telemetry/run-tracing.ts';

/** How long a handler may take to wind up after its signal, before its run is abandoned. */
export const ABORT_GRACE_MS = 1_000;

export interface RunnerOptions {
  readonly registry: Pick<HandlerRegistry, 'get'>;
  readonly maxResultBytes: number;
  readonly laneOf: (handler: Handler, suspect: boolean) => Lane;
  readonly openTracing: OpenRun;
  readonly clock: Clock;
}

/** Runs jobs to their outcomes. */
export interface Runner {
  readonly run: RunJob;
  /** Tells every running handler, and those to come, that the process drains: what stops early is returned. */
  noticeDrain(): void;
}

/**
 * Why a run was told to stop; the first cause decides what its end means, but a drain gives way to the others:
 * - `timeout` it failed with `job_timeout`, whatever the handler makes of it
 * - `taken-away` lock lost, cancelled or handed back: the store refuses its end anyway
 * - `drain` a result still counts; giving up puts the job back, at no cost to it
 */
type StopCause = 'timeout' | 'taken-away' | 'drain';

class Stop {
  cause: StopCause | null = null;
  reason: Error | null = null;
  readonly #signal = new AbortController();
  readonly #abandon = new AbortController();
  readonly #clock: Clock;
  #grace: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }
  get abandon(): AbortSignal {
    return this.#abandon.signal;
  }

  /** A drain only tells; the other causes abandon the run after the grace. */
  because(cause: StopCause, reason: Error): void {
    if (this.cause === null) this.#signal.abort(reason);
    if (this.cause === null || this.cause === 'drain') Object.assign(this, { cause, reason });
    if (cause !== 'drain')
      this.#grace ??= this.#clock.after(ABORT_GRACE_MS, () => this.#abandon.abort(reason));
  }

  settled(): void {
    this.#grace?.cancel();
  }
}

const fail = (error: Error, retry: boolean): Outcome => ({ kind: 'fail', error, retry });

/** A call that a handler does not await may fail unheard: an outage or a lost lock must not end the process. */
function unheard(call: Promise<void>): Promise<void> {
  call.catch(() => undefined);
  return call;
}

/** What the run came to, given why it was told to stop. Whoever took down its process did so, told or not. */
function concluded(outcome: Outcome, { cause, reason }: Pick<Stop, 'cause' | 'reason'>): Outcome {
  if (outcome.kind === 'killed') return outcome;
  switch (cause) {
    case 'timeout':
      return reason === null ? outcome : fail(reason, true);
    case 'drain':
      return outcome.kind === 'fail' ? { kind: 'returned', reason: 'drain' } : outcome;
    case 'taken-away':
    case null:
      return outcome;
    default:
      return cause satisfies never;
  }
}

export function createRunner(options: RunnerOptions): Runner {
  const { registry, maxResultBytes, laneOf, openTracing, clock } = options;
  const running = new TransientSet<Stop>();
  const draining = new MillraceError('draining', 'The worker drains: stop soon, or the job is handed back.');
  let isDraining = false;

  async function attempt(job: TakenJob, handler: Handler, stop: Stop): Promise<Outcome> {
    const timeoutMs = job.timeoutMs ?? handler.timeoutMs;
    let timer: Timer | undefined;
    const started = () => {
      if (timeoutMs === null || timer) return;
      const reason = new MillraceError('job_timeout', `The handler ran past its timeout of ${timeoutMs} ms.`);
      timer = clock.after(timeoutMs, () => stop.because('timeout', reason));
    };
    const { id, queue, name, data, fence } = job;
    const tracing = openTracing(job);
    const outcome = await laneOf(handler, job.suspect).run({
      handler,
      data,
      job: { id, queue, name, attempt: job.attempt, fence },
      signal: stop.signal,
      abandon: stop.abandon,
      started,
      tracing,
      alone: () => void unheard(job.alone()),
      progress: (value) => unheard(job.progress(value)),
      log: (line) => unheard(job.log(line)),
    });
    timer?.cancel();
    tracing.ended();
    return concluded(withinLimit(outcome, maxResultBytes), stop);
  }

  async function stoppable(job: TakenJob, handler: Handler, signal: AbortSignal): Promise<Outcome> {
    const stop = new Stop(clock);
    const takeAway = () =>
      stop.because(
        'taken-away',
        isMillraceError(signal.reason)
          ? signal.reason
          : new MillraceError('lock_lost', `The job was taken away: ${messageOf(signal.reason)}.`),
      );
    running.add(stop);
    signal.addEventListener('abort', takeAway, { once: true });
    if (signal.aborted) takeAway();
    if (isDraining) stop.because('drain', draining);
    try {
      return await attempt(job, handler, stop);
    } finally {
      stop.settled();
      signal.removeEventListener('abort', takeAway);
      running.delete(stop);
    }
  }

  return {
    async run(job, signal) {
      const handler = registry.get(job.queue, job.name);
      // Another worker, newer than this one, may know it: so it may be tried again.
      if (!handler) {
        return fail(
          new MillraceError('not_found', `No handler "${job.name}" of queue "${job.queue}" is loaded.`),
          true,
        );
      }
      if (job.deadlineMs !== null && clock.nowMs() > job.deadlineMs) {
        return { kind: 'cancel', reason: 'its deadline passed before it could start' };
      }
      return stoppable(job, handler, signal);
    },
    noticeDrain() {
      isDraining = true;
      for (const stop of running) stop.because('drain', draining);
    },
  };
}
