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

/** Set by a dying thread when what kills it was begun by another job than the one it runs. */
export interface StrayMark {
  readonly buffer: SharedArrayBuffer;
  readonly isSet: boolean;
}

/** Shared memory, since a dying thread's messages may come after the news of its death, or never. */
export function createStrayMark(): StrayMark {
  const flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  return {
    buffer: flag.buffer,
    get isSet() {
      return Atomics.load(flag, 0) === 1;
    },
  };
}

/** In the dying thread. */
export function setStrayMark(buffer: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(buffer), 0, 1);
}
