// `npm start`: installs what is missing, then runs the platform (local/src/main.ts) under the pinned Node.
import { fileURLToPath } from 'node:url';
import { underPinnedNode } from './bootstrap.mjs';

await underPinnedNode(fileURLToPath(import.meta.url), () => import('./src/main.ts'));
