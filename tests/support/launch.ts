import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseProcStat } from '../../local/src/launch/process-identity.ts';

const MAIN = fileURLToPath(new URL('../../local/src/main.ts', import.meta.url));

/** A configuration whose ports are all any free ones, with little to start. */
export const SMALL_CONFIG = `
http: { port: 0, healthPort: 0 }
supervision: { healthPort: 0 }
worker: { processes: 1, concurrency: 4, healthPort: 0 }
drain: { timeoutMs: 10s }
`;

/** What `--json` says once everything runs. */
export interface Ready {
  readonly url: string;
  readonly store: string;
  readonly dir: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly pids: Readonly<Record<'producer' | 'supervisor' | 'store', number>>;
}

/** A launcher under test. */
export interface Launched {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The first line of JSON on stdout; rejects with all that was said when it ends before. */
  ready(): Promise<Ready>;
  /** Resolves when `text` was said on stderr. */
  says(text: string): Promise<void>;
  exit(): Promise<number | null>;
}

/** A folder of a test's own, removed by `remove`. */
export async function scratch(): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-start-'));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** Writes `text` as a configuration file into `dir`. */
export async function configFile(dir: string, text = SMALL_CONFIG): Promise<string> {
  const file = join(dir, `config-${Math.abs(hash(text))}.yaml`);
  await writeFile(file, text);
  return file;
}

function hash(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7);
}

/** Starts the launcher as `npm start` does once everything is installed. */
export function launch(args: readonly string[], env: Record<string, string> = {}): Launched {
  const child = spawn(process.execPath, [MAIN, ...args], {
    // A Jaeger on the PATH is for the tests that ask for it.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, OTEL_SDK_DISABLED: 'true', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  const closed = once(child, 'close');
  const until = async (stream: 'stdout' | 'stderr', done: () => boolean) => {
    while (!done()) {
      const ended = await Promise.race([
        once(child[stream], 'data').then(() => false),
        closed.then(() => true),
      ]);
      if (ended && !done()) throw new Error(`the launcher ended too early\n${out}\n${err}`);
    }
  };
  return {
    process: child,
    stdout: () => out,
    stderr: () => err,
    async ready() {
      await until('stdout', () => out.includes('\n'));
      return JSON.parse(out.slice(0, out.indexOf('\n'))) as Ready;
    },
    says: (text) => until('stderr', () => err.includes(text)),
    async exit() {
      await closed;
      return child.exitCode;
    },
  };
}

/** Processes recorded in a run's folder, by name. */
export async function recorded(dir: string): Promise<{ name: string; pid: number }[]> {
  return JSON.parse(await readFile(join(dir, 'run', 'processes.json'), 'utf8'));
}

/** True while a process runs; one that only waits to be buried does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !(existsSync('/proc') && parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.state === 'Z');
  } catch {
    return false;
  }
}
