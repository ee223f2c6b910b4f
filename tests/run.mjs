/*
 * `npm test`: installs what is missing (packages, a store server), then runs every test under the pinned Node.
 * Arguments go to vitest; `--report FILE` also writes its JSON report there, for .ci/run to count.
 */
import { fileURLToPath } from 'node:url';
import { underPinnedNode } from '../local/bootstrap.mjs';
import { runVitest } from './vitest.mjs';

/** Finds or installs the store server that the tests start. */
async function provisionStore() {
  const { supplyServer } = await import('../local/src/store/supply.ts');
  const { hostOf } = await import('../local/src/host.ts');
  await supplyServer(hostOf(process, process.env), process.stderr);
}

async function runTests() {
  try {
    await provisionStore();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  runVitest(process.argv.slice(2));
}

await underPinnedNode(fileURLToPath(import.meta.url), runTests);
