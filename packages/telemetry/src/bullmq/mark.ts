import { type Context, createContextKey } from '@opentelemetry/api';

/** What a context is inside of. */
export interface Mark {
  /** A call that adds many jobs: those that carry it link to it. */
  readonly isBatch: boolean;
  /** Inside of an attempt: its handler runs. False once it is settled: what is sent then is a scheduler's next job. */
  isProcessing?: boolean;
}

const MARK = createContextKey('millrace.bullmq');

export const withMark = (context: Context, mark: Mark): Context => context.setValue(MARK, mark);
export const markOf = (context: Context) => context.getValue(MARK) as Mark | undefined;
