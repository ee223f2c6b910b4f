import { silentLog } from '@millrace/core';
import type { HandlerContext, SpanRecord, TelemetrySettings } from '@millrace/telemetry';

/** The spans of handlers in a thread or in a process of its own. */
export interface RemoteTracing {
  /** Runs `fn` under the attempt's context; the spans that ended in it, bounded, are the attempt's to keep or not. */
  run<T>(
    trace: HandlerContext,
    fn: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly spans: readonly SpanRecord[] }>;
}

export async function openRemoteTracing(settings: TelemetrySettings): Promise<RemoteTracing> {
  const { createHandlerTracing } = await import('@millrace/telemetry');
  let spans: SpanRecord[] = [];
  const tracing = createHandlerTracing(settings, {
    log: silentLog,
    sink: (records) => void spans.push(...records),
  });
  await tracing.start();
  return {
    async run(trace, fn) {
      spans = [];
      const scope = tracing.open(() => trace);
      const result = await tracing.run(scope, fn);
      tracing.settle(scope, true);
      return { result, spans: spans.splice(0) };
    },
  };
}
