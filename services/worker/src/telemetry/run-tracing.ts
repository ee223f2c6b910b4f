import type { TakenJob } from '@millrace/queue';
import type { HandlerContext, SpanRecord } from '@millrace/telemetry';

/** One run, as its handler's own spans see it. They wait for what becomes of the attempt. */
export interface RunTracing {
  /** Runs the handler in this thread under the attempt's context. */
  run<T>(fn: () => T): T;
  /** For a handler that runs elsewhere; null without telemetry. */
  context(): HandlerContext | null;
  /** Spans that it made elsewhere. */
  adopt(spans: readonly SpanRecord[]): void;
}

export type OpenRun = (job: TakenJob) => RunTracing;

/** Without telemetry. */
export const UNTRACED: RunTracing = { run: (fn) => fn(), context: () => null, adopt: () => undefined };
