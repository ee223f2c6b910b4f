import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const load = createRequire(import.meta.url);

/**
 * Hands every copy of a package that somebody imports or requires by its name from now on to `take`, before they have it;
 * answers how to stop. A copy that is loaded already is not new: it is the one that Millrace works with.
 */
export function onNewCopy(name: string, take: (exports: unknown) => void): () => void {
  const known = new Set<string>();
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const found = nextResolve(specifier, context);
      if (specifier !== name || known.has(found.url) || !found.url.startsWith('file:')) return found;
      known.add(found.url);
      const file = fileURLToPath(found.url);
      if (!(file in load.cache)) take(load(file));
      return found;
    },
  });
  return () => hooks.deregister();
}
