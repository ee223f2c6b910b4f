import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import type { Watch } from './watch.ts';

/**
 * `node:http` and `node:https`: a CLIENT span a request, and the context in its headers. What comes in is not watched.
 *
 * The instrumentation's own hooks see who requires, and handlers import. So its patch is applied here, to the one copy that a
 * thread has, and Node is told to tell those who import it, also those that have done so before.
 */
export async function watchHttp(): Promise<Watch> {
  const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http');
  const instrumentation = new HttpInstrumentation({
    enabled: false,
    disableIncomingRequestInstrumentation: true,
    requireParentforOutgoingSpans: true,
  });
  const definitions = instrumentation.getModuleDefinitions();
  const builtin = (name: string) => (name === 'https' ? https : http);
  for (const { name, patch } of definitions) patch?.(builtin(name));
  syncBuiltinESMExports();
  return {
    sendTo: (provider) => instrumentation.setTracerProvider(provider),
    end() {
      for (const { name, unpatch } of definitions) unpatch?.(builtin(name));
      syncBuiltinESMExports();
    },
  };
}
