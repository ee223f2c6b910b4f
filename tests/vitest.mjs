import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { ROOT } from '../local/bootstrap.mjs';

/** `--report FILE` as vitest has it, beside the report that a person reads. */
function vitestArguments(args) {
  const at = args.indexOf('--report');
  if (at === -1) return args;
  const [, file = 'test-report.json'] = args.slice(at, at + 2);
  return [...args.toSpliced(at, 2), '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
}

/**
 * Runs vitest under this Node, with the repository's own commands first on the PATH, and ends as it ends. Its temporary
 * files have a folder of their own, of which nothing is left, whoever was killed meanwhile.
 */
export function runVitest(args, env = {}) {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tests-'));
  const child = spawn(process.execPath, [vitest, 'run', ...vitestArguments(args)], {
    cwd: ROOT,
    env: { ...process.env, PATH: path, TMPDIR: folder, ...env },
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    process.exit(signal ? 1 : code);
  });
}
