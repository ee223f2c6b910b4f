import { type Clock, systemClock } from '@millrace/core';

/** One Ctrl-C arrives twice when npm passes on what the terminal sent to the whole group already. */
const ECHO_MS = 500;

/** What the launcher needs of the process it runs in; handed in, so that only `main.ts` touches its own. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The Node that children run under. */
  readonly nodeFile: string;
  readonly pid: number;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly clock: Clock;
  /** Calls `fn` at each request to stop: SIGINT, SIGTERM, SIGHUP, or the end of the process that started us. */
  onStopRequest(fn: () => void): void;
}

/** A person is there to be asked. */
export function isInteractive(host: Host): boolean {
  return Boolean(host.stdin.isTTY && host.stdout.isTTY);
}

/** The running process as a {@link Host}. */
export function hostOf(
  process: NodeJS.Process,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock = systemClock,
): Host {
  return {
    env,
    cwd: process.cwd(),
    nodeFile: process.execPath,
    pid: process.pid,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock,
    onStopRequest(fn) {
      let lastMs = Number.NEGATIVE_INFINITY;
      const request = () => {
        const nowMs = clock.monotonicMs();
        if (nowMs - lastMs < ECHO_MS) return;
        lastMs = nowMs;
        fn();
      };
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
      process.once('disconnect', request);
    },
  };
}
