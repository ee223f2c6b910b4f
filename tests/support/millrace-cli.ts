import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../cli/bin/millrace.mjs', import.meta.url));

/** What one run of the command came to. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts `millrace` with these words; stdin is a pipe. */
export function spawnMillrace(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  // A Jaeger on the PATH is for the tests that ask for it.
  const all = { ...process.env, OTEL_SDK_DISABLED: 'true', ...env };
  return spawn(process.execPath, [BIN, ...args], { env: all, stdio: 'pipe' });
}

/** What became of a started `millrace`, once it has ended. */
export async function endOf(child: ChildProcess): Promise<Ran> {
  const streams = [child.stdout, child.stderr] as NodeJS.ReadableStream[];
  const [[code], ...written] = await Promise.all([
    once(child, 'exit'),
    ...streams.map((stream) => text(stream)),
  ]);
  return { code: code as number | null, out: written[0] ?? '', err: written[1] ?? '' };
}

/** The whole platform, started by `millrace up` in a folder of its own. */
export interface RunningPlatform {
  readonly url: string;
  readonly dir: string;
  /** Process ids of the services, as `up --json` tells them. */
  readonly pids: Readonly<Record<string, number>>;
  /** Runs `millrace` against it to its end. */
  millrace(args: readonly string[], stdin?: string): Promise<Ran>;
  /** Starts `millrace` against it. */
  spawn(args: readonly string[]): ChildProcess;
  /** Ctrl-C; resolves to how `up` ended. */
  stop(): Promise<Ran>;
  remove(): Promise<void>;
}

/** Runs `millrace up` on free ports; `settings` is the rest of its configuration, in YAML. */
export async function millraceUp(settings: string): Promise<RunningPlatform> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-test-up-'));
  const config = join(dir, 'config.yaml');
  const ports = 'http: { port: 0, healthPort: 0 }\nsupervision: { healthPort: 0 }\n';
  await writeFile(config, `${ports}${settings}`);
  const up = spawnMillrace(['up', '--json', '--dir', join(dir, 'data'), '--config', config]);
  const ended = endOf(up);
  const ready = await Promise.race([firstLine(up), ended.then((ran) => Promise.reject(new Error(ran.err)))]);
  const { url, pids } = JSON.parse(ready) as { url: string; pids: Record<string, number> };
  const start = (args: readonly string[]) => spawnMillrace(args, { MILLRACE_URL: url });
  return {
    url,
    dir,
    pids,
    spawn: start,
    millrace(args, stdin = '') {
      const child = start(args);
      child.stdin?.end(stdin);
      return endOf(child);
    },
    stop() {
      up.kill('SIGINT');
      return ended;
    },
    async remove() {
      if (up.exitCode === null && up.signalCode === null) {
        up.kill('SIGINT');
        await ended;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}
