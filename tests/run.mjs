/*
 * `npm test`: installs what is missing (packages, a store server), then runs every test under the pinned Node.
 * Arguments go to vitest; `--report FILE` also writes its JSON report there, for .ci/run to count.
 */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, underPinnedNode } from '../local/bootstrap.mjs';

function vitestArguments(args) {
  const at = args.indexOf('--report');
  if (at === -1) return args;
  const [, file = 'test-report.json'] = args.splice(at, 2);
  return [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
}

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
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const child = spawn(process.execPath, [vitest, 'run', ...vitestArguments(process.argv.slice(2))], {
    cwd: ROOT,
    env: { ...process.env, PATH: path },
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}

await underPinnedNode(fileURLToPath(import.meta.url), runTests);
