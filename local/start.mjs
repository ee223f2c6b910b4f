// `npm start`: installs what is missing, then runs the platform (local/src/main.ts) under the pinned Node.
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, underPinnedNode } from './bootstrap.mjs';

await underPinnedNode(fileURLToPath(import.meta.url), () => {
  module.enableCompileCache?.(join(ROOT, 'node_modules', '.cache', 'millrace'));
  return import('./src/main.ts');
});
