import type { Watch } from './watch.ts';

/** `undici`, which is `fetch` too: a CLIENT span a request, and the context in its headers. */
export async function watchUndici(): Promise<Watch> {
  const { UndiciInstrumentation } = await import('@opentelemetry/instrumentation-undici');
  const undici = new UndiciInstrumentation({ requireParentforSpans: true });
  undici.enable();
  return { sendTo: (provider) => undici.setTracerProvider(provider), end: () => undici.disable() };
}
