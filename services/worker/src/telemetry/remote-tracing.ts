import { silentLog } from '@millrace/core';
import {
  type HandlerContext,
  readTelemetrySettings,
  type SpanRecord,
  type TelemetrySettings,
} from '@millrace/telemetry';
import { createHandlerTracing } from '@millrace/telemetry/handler-spans';

/** The spans of handlers in a thread or in a process of its own. */
export interface RemoteTracing {
  /** Runs `fn` under the attempt's context; the spans that ended in it, bounded, are the attempt's to keep or not. */
  run<T>(
    trace: HandlerContext,
    fn: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly spans: readonly SpanRecord[] }>;
}

export async function openRemoteTracing(settings: TelemetrySettings): Promise<RemoteTracing> {
  /** What an attempt left running goes on making spans after its end, for nobody. */
  let ending: SpanRecord[] | null = null;
  const tracing = createHandlerTracing(settings, {
    log: silentLog,
    sink: (records) => void ending?.push(...records),
  });
  await tracing.start();
  return {
    async run(trace, fn) {
      const scope = tracing.open(() => trace);
      const result = await tracing.run(scope, fn);
      const spans: SpanRecord[] = [];
      ending = spans;
      tracing.settle(scope, true);
      ending = null;
      return { result, spans };
    },
  };
}

/** Spans made here are exported by others, in whose name they stand. */
const NOBODY = { name: '', version: '', instance: '' };

/** For who is told nothing but its environment. */
export function openOwnTracing(env: Readonly<Record<string, string | undefined>>): Promise<RemoteTracing> {
  return openRemoteTracing(readTelemetrySettings(env, NOBODY));
}
