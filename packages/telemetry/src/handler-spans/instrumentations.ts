import type { TracerProvider } from '@opentelemetry/api';
import type { InstrumentationName } from '../settings/settings.ts';

/**
 * Watches the named libraries; answers how to stop. `undici` is `fetch` too: a CLIENT span a request, inside a handler
 * only, and the context in its headers.
 */
export async function enableInstrumentations(
  names: readonly InstrumentationName[],
  provider: TracerProvider,
): Promise<() => void> {
  if (!names.includes('undici')) return () => undefined;
  const { UndiciInstrumentation } = await import('@opentelemetry/instrumentation-undici');
  const undici = new UndiciInstrumentation({ requireParentforSpans: true });
  undici.setTracerProvider(provider);
  undici.enable();
  return () => undici.disable();
}
