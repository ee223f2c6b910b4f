import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { type Clock, messageOf } from '@millrace/core';
import { lastLines } from './log-tail.ts';
import { signalProcess } from './process-identity.ts';

/** What is run, and where its output goes. */
export interface ChildSpec {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** Whether it speaks with us over a channel (our own services do). */
  readonly ipc: boolean;
}

/** How a process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** "exit code 3", "SIGKILL": for sentences. */
export function describeExit({ code, signal }: ChildExit): string {
  return signal ?? `exit code ${code}`;
}

/** A process of ours, in a group of its own: a terminal's Ctrl-C reaches the launcher alone. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves at its end, after the rest of its group was killed. */
  readonly exited: Promise<ChildExit>;
  onMessage(fn: (message: Record<string, unknown>) => void): void;
  /** False when it could not be sent: the process is gone, or going. */
  send(message: object): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Kills it and all that it started. */
  killGroup(): void;
  /** The last lines it wrote. */
  lastWords(count: number): Promise<string[]>;
}

function exitOf(child: ChildProcess, pid: number): Promise<ChildExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      // As in a container, nothing outlives the first process: not even a child whose event loop is blocked.
      signalProcess(-pid, 'SIGKILL');
      resolve({ code, signal });
    });
  });
}

/** Starts a process. Rejects with a sentence when the program cannot be run at all. */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const log = openSync(spec.logFile, 'a');
  const logStart = fstatSync(log).size;
  const child = spawn(spec.file, spec.args, {
    env: spec.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: spec.ipc ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
  });
  closeSync(log);
  const pid = child.pid;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    throw new Error(`${spec.name} (${spec.file}) cannot be run: ${messageOf(error)}`, { cause: error });
  }
  child.on('error', () => undefined);
  return {
    name: spec.name,
    pid,
    exited: exitOf(child, pid),
    onMessage: (fn) =>
      child.on('message', (message) => {
        if (typeof message === 'object' && message !== null) fn(message as Record<string, unknown>);
      }),
    send: (message) => child.connected && child.send(message, () => undefined),
    signal: (signal) => child.kill(signal),
    killGroup: () => signalProcess(-pid, 'SIGKILL'),
    lastWords: (count) => lastLines(spec.logFile, logStart, count).catch(() => []),
  };
}

/** Ends a child: SIGTERM, and after `graceMs` its whole group is killed. */
export async function endChild(child: Child, graceMs: number, clock: Clock): Promise<ChildExit> {
  child.signal('SIGTERM');
  const timer = clock.after(graceMs, () => child.killGroup());
  const exit = await child.exited;
  timer.cancel();
  return exit;
}
