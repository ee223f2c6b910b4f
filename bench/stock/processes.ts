import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StockProcess } from './worker-process.ts';

const PROGRAM = fileURLToPath(new URL('./worker-process.ts', import.meta.url));

/** A running process of stock workers. */
export interface StockWorkers {
  readonly pid: number;
  /** Ids of its workers: the prefixes of their lock tokens. */
  readonly ids: readonly string[];
  kill(): void;
  readonly exited: Promise<unknown>;
}

/** Starts stock workers; resolves when they consume. Rejects when they end before. */
export async function startWorkers(
  nodeFile: string,
  told: StockProcess,
  stderr: NodeJS.WriteStream,
): Promise<StockWorkers> {
  const child: ChildProcess = spawn(nodeFile, [PROGRAM, JSON.stringify(told)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.stderr?.on('data', (chunk) => stderr.write(chunk));
  const exited = once(child, 'exit');
  const ready = once(child, 'message').then(([message]) => message as { readonly ids: readonly string[] });
  const first = await Promise.race([ready, exited.then(() => null)]);
  if (first === null || child.pid === undefined) throw new Error('stock workers did not start');
  return { pid: child.pid, ids: first.ids, kill: () => void child.kill('SIGKILL'), exited };
}
