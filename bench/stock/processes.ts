import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
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

/**
 * Starts stock workers; resolves when they consume. Rejects when they end before. `onComplaint` gets each line that they
 * write: BullMQ's workers report lost locks and the like.
 */
export async function startWorkers(
  nodeFile: string,
  told: StockProcess,
  onComplaint: (line: string) => void,
): Promise<StockWorkers> {
  const child: ChildProcess = spawn(nodeFile, [PROGRAM, JSON.stringify(told)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let last = '';
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      last = line;
      onComplaint(line);
    });
  }
  const exited = once(child, 'exit');
  const ready = once(child, 'message').then(([message]) => message as { readonly ids: readonly string[] });
  const first = await Promise.race([ready, exited.then(() => null)]);
  if (first === null || child.pid === undefined) throw new Error(`stock workers did not start: ${last}`);
  return { pid: child.pid, ids: first.ids, kill: () => void child.kill('SIGKILL'), exited };
}
