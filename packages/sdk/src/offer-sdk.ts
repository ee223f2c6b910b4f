import { type ModuleHooks, registerHooks } from 'node:module';

const SDK = '@millrace/sdk';
/** For a handler's own spans. Only found from here, not loaded. */
const TRACING = '@opentelemetry/api';
const OWN_URL = new URL(import.meta.url.endsWith('.ts') ? './index.ts' : './index.js', import.meta.url).href;
/** Where the packages are installed that we run with. Not in this package, which would find itself by its name. */
const HOUSE_URL = new URL('../../../package.json', import.meta.url).href;
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
      const find = (from: string | undefined) => {
        try {
          return nextResolve(specifier, { ...context, parentURL: from });
        } catch {
          return null;
        }
      };
      const theirs = find(context.parentURL);
      if (specifier === TRACING)
        return theirs ?? nextResolve(specifier, { ...context, parentURL: HOUSE_URL });
      // What is installed beside us by that name is our source: no second one is loaded beside what we run as, compiled.
      const isOwn = theirs === null || theirs.url === find(HOUSE_URL)?.url;
      return isOwn ? { url: OWN_URL, shortCircuit: true } : theirs;
    },
  });
  registered.push(hooks);
}
