import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing that we ask of a cluster takes longer; a hung API server is to fail a test, not to hang it. Ms. */
const LONGEST_MS = 120_000;

/** Runs a command to its end, whatever its exit code. */
export function run(command: readonly string[], input?: string, timeoutMs = LONGEST_MS): Promise<Said> {
  const [file = '', ...args] = command;
  return new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      { cwd: ROOT, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
      },
    );
    child.stdin?.on('error', () => undefined).end(input ?? '');
  });
}

/** Runs a command that must succeed; resolves its stdout, rejects with all that it said. */
export async function must(command: readonly string[], input?: string, timeoutMs?: number): Promise<string> {
  const { code, stdout, stderr } = await run(command, input, timeoutMs);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
  return stdout;
}

/** A command that goes on beside the test; `ended` resolves when it is over. */
export function begin(command: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const [file = '', ...args] = command;
  const child: ChildProcess = spawn(file, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Said>((resolve) => {
    child.once('error', (error) => resolve({ code: 1, stdout, stderr: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
  return { child, ended, said: () => stdout + stderr };
}
