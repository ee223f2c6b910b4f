import type { StandardSchemaV1 } from '@standard-schema/spec';

/** A function that may run in the cpu thread pool: its arguments and result must survive a structured clone. */
// A method's type, so that functions of narrower parameters fit into a table too.
export type ComputeFunction = { fn(...args: unknown[]): unknown }['fn'];

/** The functions of a handler that {@link HandlerContext.compute} may run, by name. */
export type ComputeTable = Readonly<Record<string, ComputeFunction>>;

/** What a run of a handler is given. */
export interface HandlerContext<Data = unknown, Table extends ComputeTable = ComputeTable> {
  /** The job's id; the same over all its attempts. */
  readonly id: string;
  /** The job's data, as the handler's `input` schema returned it. */
  readonly data: Data;
  /** Aborts on timeout, on cancellation, when the job was taken away, and when the worker drains. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. A start that a crash or a drain cut off does not count as an attempt. */
  readonly attempt: number;
  /** Rises with every start of this job; hand it to what you write to, so that an older start can be refused. */
  readonly fence: number;
  /** Adds a line to the job's log. Rejects when the job is no longer this worker's. */
  log(line: string): Promise<void>;
  /** Replaces the job's progress: any JSON value. Rejects when the job is no longer this worker's. */
  progress(value: unknown): Promise<void>;
  /** Runs `fn`, one of the handler's `compute` table, in the cpu thread pool. */
  compute<F extends Table[keyof Table]>(fn: F, args: Parameters<F>): Promise<Awaited<ReturnType<F>>>;
}

/** When and how often a failed attempt is made again. */
export interface RetryDefinition {
  /** How often the job may run in all, 1 to 100. */
  readonly attempts: number;
  /** `fixed`: always `base`; `exponential`: `base`, then 2 × `base`, 4 × `base`, … Default `exponential`. */
  readonly backoff?: 'fixed' | 'exponential';
  /** The first wait: ms, or like `'1s'`. Default 1 s. */
  readonly base?: number | string;
  /** The part of each wait that is random, 0 to 1. Default 0. */
  readonly jitter?: number;
}

/** What a handler file hands to `defineHandler`. */
export interface HandlerDefinition<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Table extends ComputeTable = ComputeTable,
> {
  /** 1 to 64 letters, digits, `-`, `_` or `.`. */
  readonly queue: string;
  /** The job's name; unique within the queue; at most 128 characters. */
  readonly name: string;
  /** `io` (default): in the worker process. `cpu`: in the thread pool. */
  readonly lane?: 'io' | 'cpu';
  /** Any Standard Schema. Data that fails it is refused when the job is offered, and never run. */
  readonly input?: Schema;
  /** Jobs of this queue at once in one worker process. Handlers of one queue must not disagree. */
  readonly concurrency?: number;
  /** Longest run of one attempt: ms, or like `'30s'`. Default: none. */
  readonly timeout?: number | string;
  /** Default: one attempt. */
  readonly retry?: RetryDefinition;
  /** `process`: a child process of its own, for code that may crash natively. Default `none`. */
  readonly isolation?: 'none' | 'process';
  /** Functions that `compute` may run in the cpu thread pool. */
  readonly compute?: Table;
  /** Returns the result (any JSON value), or `fail(…)`, `cancel(…)`, `snooze(…)`. What it throws is a `fail`. */
  run(context: HandlerContext<StandardSchemaV1.InferOutput<Schema>, Table>): unknown;
}

/** A retry policy, complete; times in ms. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly backoff: 'fixed' | 'exponential';
  readonly baseMs: number;
  readonly jitter: number;
}

/** A handler as `defineHandler` made it: checked, complete, frozen; times in ms. */
export interface DefinedHandler {
  readonly queue: string;
  readonly name: string;
  readonly lane: 'io' | 'cpu';
  readonly input?: StandardSchemaV1;
  readonly concurrency: number | null;
  readonly timeoutMs: number | null;
  readonly retry: RetryPolicy | null;
  readonly isolation: 'none' | 'process';
  readonly compute: ComputeTable | null;
  run(context: HandlerContext): Promise<unknown>;
}

/** A handler that was loaded from a file. */
export interface Handler extends DefinedHandler {
  /** Absolute path of the file whose default export it is. */
  readonly file: string;
}
