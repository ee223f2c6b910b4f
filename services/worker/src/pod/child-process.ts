import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromProcess, ToProcess } from '../ipc.ts';
import { moduleUrl } from '../ipc.ts';
import type { DyingWatch } from './dying-watch.ts';
import { createTail } from './stderr-tail.ts';

/** How a child ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderrTail: readonly string[];
}

/** A forked worker process, as the pod supervisor sees it. Sending to or killing a dead one does nothing. */
export interface ChildProcessHandle {
  readonly pid: number;
  send(message: ToProcess): void;
  kill(): void;
}

export interface ChildListeners {
  readonly onMessage: (message: FromProcess) => void;
  /** Called once, also when the fork itself failed. */
  readonly onExit: (exit: ChildExit) => void;
}

/** Forks a worker process under the start id `id`. */
export type SpawnChild = (id: string, listeners: ChildListeners) => ChildProcessHandle;

export interface SpawnerOptions {
  readonly pod: string;
  readonly pool: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where the children's outputs go. */
  readonly output: NodeJS.WritableStream;
  readonly dying: DyingWatch;
}

/**
 * What a killed process has to give back before anybody hears of its death is kept small: the young generation grows
 * to 3 × 16 MB otherwise, and V8 keeps four helper threads.
 */
const SMALL = ['--max-semi-space-size=4', '--v8-pool-size=1'];

/**
 * Forks src/process/main.ts. Both its outputs go to `output`, for stdout belongs to what a command answers.
 * The fifth stdio is the lifeline: a socket whose other end only we hold, so that its end means our death.
 */
export function childSpawner({ pod, pool, env, output, dying }: SpawnerOptions): SpawnChild {
  const entry = fileURLToPath(moduleUrl(import.meta.url, '../process/main.ts'));
  return (id, { onMessage, onExit }) => {
    const child = fork(entry, ['--pod', pod, '--pool', pool, '--start', id], {
      env,
      execArgv: [...process.execArgv, ...SMALL],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    });
    const tail = createTail();
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        tail.push(chunk);
        output.write(chunk);
      });
    }
    // The lifeline is never written; its reset at a child's death is no news beside the exit.
    child.stdio[4]?.on('error', () => undefined);
    let ended = false;
    const end = (code: number | null, signal: string | null) => {
      if (ended) return;
      ended = true;
      watch?.cancel();
      onExit({ code, signal, stderrTail: tail.lines() });
    };
    const watch = child.pid === undefined ? undefined : dying.add(child.pid, () => end(null, 'SIGKILL'));
    child.on('message', (message) => onMessage(message as FromProcess));
    child.on('exit', end);
    child.on('error', (error) => {
      // A failed kill or send also ends up here: only a child that never ran has no pid.
      tail.push(`${error.message}\n`);
      if (child.pid === undefined) end(null, null);
    });
    return {
      pid: child.pid ?? 0,
      send(message) {
        if (child.connected) child.send(message, () => undefined);
      },
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
