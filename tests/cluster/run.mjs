/*
 * `npm run test:cluster`: the tests of the cluster that KUBECONFIG names. Without one it says so and ends well.
 * `--figures` also measures (FIGURES); other arguments go to vitest; `--report FILE` writes its JSON report there.
 */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, underPinnedNode } from '../../local/bootstrap.mjs';

function vitestArguments(args) {
  const at = args.indexOf('--report');
  if (at === -1) return args;
  const [, file = 'cluster-report.json'] = args.splice(at, 2);
  return [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
}

async function runTests() {
  const args = process.argv.slice(2).filter((arg) => arg !== '--figures');
  const figures = process.argv.includes('--figures') ? '1' : '';
  if (!process.env.KUBECONFIG) {
    process.stdout.write(
      'skipped: KUBECONFIG names no cluster (docs/testing.md says what these tests need)\n',
    );
    return;
  }
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const config = join(ROOT, 'tests', 'cluster', 'vitest.config.ts');
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const child = spawn(process.execPath, [vitest, 'run', '--config', config, ...vitestArguments(args)], {
    cwd: ROOT,
    env: { ...process.env, PATH: path, FIGURES: figures },
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}

await underPinnedNode(fileURLToPath(import.meta.url), runTests);
