import type { Outcome } from '@millrace/core';
import type { Handler } from '@millrace/sdk';
import type { RunTracing } from '../telemetry/run-tracing.ts';

/** What a handler may know of its job; all of it can be sent to a thread or a process. */
export interface JobFacts {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly attempt: number;
  readonly fence: number;
}

/** One run of a handler. */
export interface LaneRun {
  readonly handler: Handler;
  /** The job's data as it is stored: the handler's schema is applied where the handler runs. */
  readonly data: unknown;
  readonly job: JobFacts;
  /** Told to the handler: wind up. */
  readonly signal: AbortSignal;
  /** Not told but done: the run's outcome is decided, so whatever still runs is cut off or reported. */
  readonly abandon: AbortSignal;
  /** The handler begins now; until then the run waits for a thread or for its turn in quarantine. */
  readonly started: () => void;
  /** Where the spans stand that the handler makes itself. */
  readonly tracing: RunTracing;
  /** Whatever this process dies of from now on, the run is not in it. */
  readonly alone: () => void;
  readonly progress: (value: unknown) => Promise<void>;
  readonly log: (line: string) => Promise<void>;
}

/** Where handlers run. */
export interface Lane {
  /** Never rejects. Resolves soon after `abandon`, whatever the handler does. */
  run(run: LaneRun): Promise<Outcome>;
}
