import { type ModuleHooks, registerHooks } from 'node:module';

const SDK = '@millrace/sdk';
const OWN_URL = new URL(import.meta.url.endsWith('.ts') ? './index.ts' : './index.js', import.meta.url).href;
const registered: ModuleHooks[] = [];

/**
 * Lets handler files import this package from wherever they lie: a directory of them needs no node_modules.
 * A copy of the package that they have themselves comes first. Once in a thread is enough; more change nothing.
 */
export function offerSdk(): void {
  if (registered.length > 0) return;
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier !== SDK) return nextResolve(specifier, context);
      try {
        return nextResolve(specifier, context);
      } catch {
        return { url: OWN_URL, shortCircuit: true };
      }
    },
  });
  registered.push(hooks);
}
