import { messageOf } from '@millrace/core';
import type { RunDeath } from './verdict.ts';

const MAX_LINES = 20;
const MAX_LINE_CHARS = 500;

/** Piscina's words for a thread that left by itself: the exit code stands nowhere else. */
const EXITED = /^worker exited with code: (-?\d+)$/;

/** What the pool's rejection tells of a thread's end. Its memory is the process's, so its peak is not known. */
export function deathOfThread(error: unknown, heapLimitBytes: number | null): RunDeath {
  const { code, stack } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  const exitCode = EXITED.exec(messageOf(error))?.[1];
  const lines = (stack ?? messageOf(error)).split('\n').slice(0, MAX_LINES);
  return {
    cause: code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'oom' : 'crash',
    exitCode: exitCode === undefined ? null : Number(exitCode),
    exitSignal: null,
    lastLines: lines.map((line) => line.slice(0, MAX_LINE_CHARS)),
    peakRssBytes: null,
    memoryLimitBytes: heapLimitBytes,
    message: `The thread that ran the handler died: ${messageOf(error)}`,
  };
}

/** What a thread leaves behind of one run. */
export interface RunMark {
  readonly buffer: SharedArrayBuffer;
  /** What kills the thread was begun by another job than the one it runs. */
  readonly isStray: boolean;
  /** What the thread's heap may grow to; null before the run began. */
  readonly heapLimitBytes: number | null;
}

const LIMIT_AT = Float64Array.BYTES_PER_ELEMENT;

const strayFlag = (buffer: SharedArrayBuffer) => new Int32Array(buffer, 0, 1);
const heapLimit = (buffer: SharedArrayBuffer) => new Float64Array(buffer, LIMIT_AT, 1);

/** Shared memory, since a dying thread's messages may come after the news of its death, or never. */
export function createRunMark(): RunMark {
  const buffer = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT);
  return {
    buffer,
    get isStray() {
      return Atomics.load(strayFlag(buffer), 0) === 1;
    },
    get heapLimitBytes() {
      return heapLimit(buffer)[0] || null;
    },
  };
}

/** In the thread, before the handler runs. */
export function markBegun(buffer: SharedArrayBuffer, heapLimitBytes: number): void {
  heapLimit(buffer)[0] = heapLimitBytes;
}

/** In the dying thread. */
export function markStray(buffer: SharedArrayBuffer): void {
  Atomics.store(strayFlag(buffer), 0, 1);
}
