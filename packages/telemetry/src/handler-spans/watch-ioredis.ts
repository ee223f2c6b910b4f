import { onNewCopy } from './on-new-copy.ts';
import type { Watch } from './watch.ts';

/** What the instrumentation patches; of an ES module the class would be its default export. */
function classIn(exports: unknown): { readonly prototype: object } | null {
  const found = (exports as { readonly default?: unknown }).default ?? exports;
  const isPatchable = typeof found === 'function' && typeof found.prototype?.sendCommand === 'function';
  return isPatchable ? (found as unknown as { readonly prototype: object }) : null;
}

/**
 * A handler's own `ioredis`: a CLIENT span a command. Its patch is applied here and not by the instrumentation's own hooks:
 * those take every copy, and the connections of a worker that runs its sources would make spans as well.
 */
export async function watchIoredis(): Promise<Watch> {
  const { IORedisInstrumentation } = await import('@opentelemetry/instrumentation-ioredis');
  const instrumentation = new IORedisInstrumentation({ enabled: false, requireParentSpan: true });
  const [definition] = instrumentation.getModuleDefinitions();
  const patched: object[] = [];
  const ignore = onNewCopy('ioredis', (exports) => {
    const redis = classIn(exports);
    if (!redis) return;
    definition?.patch?.(redis);
    patched.push(redis);
  });
  return {
    sendTo: (provider) => instrumentation.setTracerProvider(provider),
    end() {
      ignore();
      for (const redis of patched) definition?.unpatch?.(redis);
    },
  };
}
