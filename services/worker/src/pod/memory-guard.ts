import type { Clock, Timer } from '@millrace/core';
import type { MemoryGroup } from '../autopsy/memory-group.ts';
import { openProcessSize, type ProcessSize } from './process-size.ts';

/** How often memory is looked at while a job runs alone: 10 µs each, and a gigabyte is filled in a few hundred ms. */
const LOOK_MS = 4;
/** So full is too full: what is left is filled before the next looks. */
const NEARLY_FULL = 0.9;

/** Who may be ended, and who is not to be: bytes. */
interface Sizes {
  readonly alone: readonly number[];
  readonly workers: readonly number[];
}

/**
 * Which of the processes with one job in them is to end, as an index into `alone`; -1: none. It is whom the kernel
 * would take, the largest of all: should a worker be larger, then the memory is not a lonely job's doing.
 */
export function condemned(heldBytes: number, limitBytes: number, { alone, workers }: Sizes): number {
  if (heldBytes <= NEARLY_FULL * limitBytes) return -1;
  const largest = Math.max(...alone);
  return largest < Math.max(0, ...workers) ? -1 : alone.indexOf(largest);
}

/** Keeps a process with one job in it from taking the whole container down. */
export interface MemoryGuard {
  /** A worker process of ours; to cancel forgets it. */
  worker(pid: number): Timer;
  /** A process with one job. `onEnd` is called just before it is killed; to cancel forgets it. */
  alone(pid: number, onEnd: () => void): Timer;
}

interface Alone {
  readonly pid: number;
  readonly size: ProcessSize;
  readonly onEnd: () => void;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went by itself.
  }
}

/**
 * Where memory runs out the kernel kills a process, and in most clusters every process of the container with it. Does
 * nothing without a limit.
 */
export function createMemoryGuard(group: MemoryGroup, clock: Clock): MemoryGuard {
  const workers = new Set<ProcessSize>();
  const alone = new Set<Alone>();
  /** Killed, and not yet gone: its memory comes back first. */
  let ending: Alone | undefined;
  let timer: Timer | undefined;

  function look(): void {
    const limitBytes = group.limitBytes();
    if (limitBytes === null || (group.usedBytes() ?? 0) <= NEARLY_FULL * limitBytes) return;
    if (ending && alone.has(ending) && ending.size.bytes() !== null) return;
    const living = [...alone].filter(({ size }) => size.bytes() !== null);
    const sizes = {
      alone: living.map(({ size }) => size.bytes() ?? 0),
      workers: [...workers].map((size) => size.bytes() ?? 0),
    };
    ending = living[condemned(group.heldBytes() ?? 0, limitBytes, sizes)];
    if (ending === undefined) return;
    ending.onEnd();
    kill(ending.pid);
  }

  function remove(one: Alone): void {
    if (!alone.delete(one)) return;
    one.size.close();
    if (alone.size > 0) return;
    timer?.cancel();
    timer = undefined;
  }

  return {
    worker(pid) {
      const size = openProcessSize(pid);
      if (size === null) return { cancel: () => undefined };
      workers.add(size);
      return {
        cancel() {
          if (workers.delete(size)) size.close();
        },
      };
    },
    alone(pid, onEnd) {
      const size = openProcessSize(pid);
      if (size === null) return { cancel: () => undefined };
      const one = { pid, size, onEnd };
      alone.add(one);
      timer ??= clock.every(LOOK_MS, look);
      return { cancel: () => remove(one) };
    },
  };
}
