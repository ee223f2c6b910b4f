import type { TakenJob } from '@millrace/queue';
import type { HandlerContext, HandlerScope, SpanRecord } from '@millrace/telemetry';

/** One run, as its handler's own spans see it: they wait for what becomes of the attempt. */
export interface RunTracing {
  /** For a handler in this thread, made when it asks for it; null without telemetry. */
  scope(): HandlerScope | null;
  /** For a handler that runs elsewhere; null without telemetry. */
  context(): HandlerContext | null;
  /** Spans that it made elsewhere. */
  adopt(spans: readonly SpanRecord[]): void;
  /** The run is over: a handler that asks only now makes spans for nobody. */
  ended(): void;
}

export type OpenRun = (job: TakenJob) => RunTracing;

/** Without telemetry. */
export const UNTRACED: RunTracing = {
  scope: () => null,
  context: () => null,
  adopt: () => undefined,
  ended: () => undefined,
};
