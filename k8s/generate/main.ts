// `npm run k8s`: makes k8s/base and k8s/overlays anew from the chart. Needs helm on the PATH.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FOLDER, generate } from './generate.ts';

const files = generate();
for (const folder of ['base', 'overlays']) rmSync(join(FOLDER, folder), { recursive: true, force: true });
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(FOLDER, path)), { recursive: true });
  writeFileSync(join(FOLDER, path), text);
}
