import { type ModuleHooks, registerHooks } from 'node:module';

const SDK = '@millrace/sdk';
/** For a handler's own spans. Only found from here, not loaded. */
const TRACING = '@opentelemetry/api';
const OWN_URL = new URL(import.meta.url.endsWith('.ts') ? './index.ts' : './index.js', import.meta.url).href;
const registered: ModuleHooks[] = [];

/**
 * Lets handler files import this package, and OpenTelemetry's API, from wherever they lie: a directory of them needs no
 * node_modules. A copy that they have themselves comes first. Once in a thread is enough; more change nothing.
 */
export function offerSdk(): void {
  if (registered.length > 0) return;
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier !== SDK && specifier !== TRACING) return nextResolve(specifier, context);
      try {
        return nextResolve(specifier, context);
      } catch {
        if (specifier === SDK) return { url: OWN_URL, shortCircuit: true };
        return nextResolve(specifier, { ...context, parentURL: OWN_URL });
      }
    },
  });
  registered.push(hooks);
}
