/*
 * `npm run test:cluster`: the tests of the cluster that KUBECONFIG names. Without one it says so and ends well.
 * `--figures` also measures (FIGURES); other arguments go to vitest; `--report FILE` writes its JSON report there.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, underPinnedNode } from '../../local/bootstrap.mjs';
import { runVitest } from '../vitest.mjs';

async function runTests() {
  const args = process.argv.slice(2).filter((arg) => arg !== '--figures');
  const figures = process.argv.includes('--figures') ? '1' : '';
  if (!process.env.KUBECONFIG) {
    process.stdout.write(
      'skipped: KUBECONFIG names no cluster (docs/testing.md says what these tests need)\n',
    );
    return;
  }
  runVitest(['--config', join(ROOT, 'tests', 'cluster', 'vitest.config.ts'), ...args], { FIGURES: figures });
}

await underPinnedNode(fileURLToPath(import.meta.url), runTests);
