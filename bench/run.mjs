// `npm run bench -- <name>`: installs what is missing, then runs the bench (bench/main.ts) under the pinned Node.
import { fileURLToPath } from 'node:url';
import { underPinnedNode } from '../local/bootstrap.mjs';

await underPinnedNode(fileURLToPath(import.meta.url), () => import('./main.ts'));
