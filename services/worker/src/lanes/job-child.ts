import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Clock, Outcome, Timer } from '@millrace/core';
import { moduleUrl } from '../ipc.ts';
import { type FromIsolated, outcomeFromWire } from './remote.ts';

/** A child that has told its outcome has nothing left to do: whatever still holds it is a handler's, and is cut off. */
const FAREWELL_MS = 1_000;

/** Forks src/isolated/main.ts; rejects when the machine has no process to give. */
export async function forkForJob(): Promise<ChildProcess> {
  // The fifth stdio is the lifeline, as between a pod and its processes: no job outlives its worker.
  const child = fork(fileURLToPath(moduleUrl(import.meta.url, '../isolated/main.ts')), [], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
  });
  child.stdio[4]?.on('error', () => undefined);
  // Without a pid the child never was: its error follows.
  if (child.pid === undefined) await once(child, 'spawn');
  // A failed send or kill is an `error` too; the exit tells more.
  child.on('error', () => undefined);
  return child;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The end of a job's own process, and its last word before. */
export interface LastWord {
  /** Its outcome, once it has told one. */
  readonly outcome: Outcome | undefined;
  readonly told: Promise<Outcome>;
  readonly ended: Promise<ChildEnd>;
}

/** Hears the child to its end; its other words go to `onWord`. Within a second of its last word it is gone. */
export function hearChild(
  child: ChildProcess,
  clock: Clock,
  onWord: (message: Exclude<FromIsolated, { type: 'outcome' }>) => void,
): LastWord {
  const told = Promise.withResolvers<Outcome>();
  const ended = Promise.withResolvers<ChildEnd>();
  let outcome: Outcome | undefined;
  let farewell: Timer | undefined;
  child.on('message', (message: FromIsolated) => {
    if (message.type !== 'outcome') return onWord(message);
    outcome = outcomeFromWire(message.outcome);
    farewell = clock.after(FAREWELL_MS, () => void child.kill('SIGKILL'));
    told.resolve(outcome);
  });
  child.on('exit', (code, signal) => {
    farewell?.cancel();
    ended.resolve({ code, signal });
  });
  return {
    get outcome() {
      return outcome;
    },
    told: told.promise,
    ended: ended.promise,
  };
}
