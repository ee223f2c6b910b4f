// `npm run loadtest -- <name>`: installs what is missing, then runs k6 (runner/main.ts) under the pinned Node.
import { fileURLToPath } from 'node:url';
import { underPinnedNode } from '../local/bootstrap.mjs';

await underPinnedNode(fileURLToPath(import.meta.url), () => import('./runner/main.ts'));
