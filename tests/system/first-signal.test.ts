import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/queue.ts';
import { freePort } from '../support/store-setup.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The kernel drops a signal without a handler only for the first process of a pid namespace. */
const AS_FIRST = ['--pid', '--fork', '--kill-child', '--mount-proc'];
const cannot = spawnSync('unshare', [...AS_FIRST, 'true']).status !== 0;
const SKIPPED = cannot ? ' (skipped: this user may not make a pid namespace)' : '';

const ROLES = {
  producer: 'services/producer/src/main',
  supervisor: 'services/supervisor/src/main',
  worker: 'services/worker/src/pod/main',
};

let app: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'millrace-first-signal-'));
});
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  child = undefined;
  await rm(app, { recursive: true, force: true });
});

/** Starts a command as process 1; resolves with the pid that this side knows it by, and what it says. */
async function first(command: readonly string[], env: Record<string, string> = {}) {
  const started = spawn('unshare', [...AS_FIRST, ...command], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let said = '';
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => (said += chunk));
  const exit = once(started, 'exit').then(([code]) => code as number | null);
  let pid = 0;
  await until(async () => {
    const list = await readFile(`/proc/${started.pid}/task/${started.pid}/children`, 'utf8').catch(() => '');
    pid = Number(list.trim());
    return pid > 0;
  }, 'process 1 is there');
  return { pid, said: () => said, exit };
}

/** An installation whose roles are all this module. */
async function installed(role: string): Promise<string> {
  for (const file of ['entrypoint', 'role.mjs'])
    await cp(join(ROOT, 'image', file), join(app, 'image', file));
  await writeFile(join(app, 'package.json'), '{"type": "module"}');
  for (const main of Object.values(ROLES)) {
    await mkdir(dirname(join(app, main)), { recursive: true });
    await writeFile(join(app, `${main}.js`), role);
  }
  return join(app, 'image', 'entrypoint');
}

describe.skipIf(cannot)(`SIGTERM to process 1${SKIPPED}`, () => {
  test.each(Object.keys(ROLES))('ends a %s that is still being loaded', async (role) => {
    const entry = await installed(
      "console.log('loading');\nawait new Promise((resolve) => setTimeout(resolve, 60_000));\n",
    );
    const started = await first([entry, role]);
    await until(() => started.said() === 'loading\n', 'it is being loaded');
    process.kill(started.pid, 'SIGTERM');
    expect(await started.exit).toBe(0);
  });

  test('is the role’s own matter once it has a handler', async () => {
    const entry = await installed(
      "process.on('SIGTERM', () => process.exit(7));\nconsole.log(...process.argv.slice(2));\nsetInterval(() => {}, 60_000);\n",
    );
    const started = await first([entry, 'worker', '--pool', 'one']);
    await until(() => started.said() === '--pool one\n', 'it runs, with its arguments');
    process.kill(started.pid, 'SIGTERM');
    expect(await started.exit).toBe(7);
  });

  test.each(Object.entries(ROLES))(
    'ends a real %s that is still being loaded, its store away',
    async (role, main) => {
      const entry = await installed(
        `console.log('loading');\nawait import(${JSON.stringify(join(ROOT, `${main}.ts`))});\n`,
      );
      const config = join(app, 'config.yaml');
      await writeFile(
        config,
        'http: {port: 0, healthPort: 0}\nworker: {healthPort: 0}\nsupervision: {linkPort: 0, healthPort: 0}\nlog: {level: error}\n',
      );
      const url = `redis://127.0.0.1:${await freePort()}`;
      const started = await first([entry, role], { MILLRACE_CONFIG: config, MILLRACE_REDIS_URL: url });
      await until(() => started.said().startsWith('loading'), 'it is being loaded');
      process.kill(started.pid, 'SIGTERM');
      expect({ code: await started.exit, said: started.said() }).toEqual({ code: 0, said: 'loading\n' });
    },
    15_000,
  );
});
