import { z } from 'zod';

const MEMORY_STEP = 8 * 1024 * 1024;

/**
 * Data of a job that does harm: it does so at its first `times` starts, and afterwards it ends well. `ms` is how
 * long it waits (or blocks) around that. Whatever else is in it is the sender's own mark.
 */
export const mischief = z.looseObject({
  id: z.int().min(0),
  times: z.int().min(0).default(1).describe('starts at which it does harm; 1,000,000 is as good as always'),
  ms: z.int().min(0).max(600_000).default(0),
});

export type Mischief = z.output<typeof mischief>;

/** `fence` counts the job's starts, over all processes: so it is known which start does harm. */
export function isDue({ times }: Mischief, fence: number): boolean {
  return fence <= times;
}

/** Keeps what it allocates until the heap is full, without ever giving the turn away. */
export function fillHeap(): never {
  const kept: unknown[] = [];
  for (;;) kept.push(Array.from({ length: 4_096 }, (_, index) => ({ index, text: `kept ${index}` })));
}

/** Keeps buffers, every page of them touched, until no more are to be had. */
export async function fillMemory(): Promise<never> {
  const kept: Buffer[] = [];
  for (;;) {
    kept.push(Buffer.alloc(MEMORY_STEP, 1));
    // Others have their turn: whoever looks after the process is to see it grow.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
