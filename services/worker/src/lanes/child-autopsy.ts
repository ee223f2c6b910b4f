import type { ChildProcess } from 'node:child_process';
import type { Clock } from '@millrace/core';
import { listenTo } from '../autopsy/child-output.ts';
import type { OutOfMemory } from '../autopsy/out-of-memory.ts';
import { createPeakMemory } from '../autopsy/peak-memory.ts';
import { causeOf, type RunDeath } from './verdict.ts';

/** Its exit may be told before its last lines are; a grandchild that holds the pipes open must not hold us. */
const LAST_LINES_MS = 100;
const LOOK_MS = 250;

/** What is learned of a job's own process while it lives, for the case that it dies. */
export interface ChildAutopsy {
  /** Now, beside four times a second: memory is gone from sight at the end. */
  look(): void;
  /** Resolves soon after the child's exit. */
  death(
    exitCode: number | null,
    exitSignal: string | null,
    killedByUs: boolean,
  ): Promise<Omit<RunDeath, 'memoryLimitBytes'>>;
  end(): void;
}

export interface AutopsyOptions {
  readonly output: NodeJS.WritableStream;
  readonly outOfMemory: OutOfMemory;
  readonly clock: Clock;
}

/** Passes the child's outputs on to `output`, and remembers their ends. */
export function openAutopsy(
  child: ChildProcess,
  { output, outOfMemory, clock }: AutopsyOptions,
): ChildAutopsy {
  const { tail, heap } = listenTo(child, output, clock);
  const peak = createPeakMemory(child.pid);
  const look = () => {
    peak.look();
    outOfMemory.look(clock.monotonicMs());
  };
  const looks = clock.every(LOOK_MS, look);
  const closed = Promise.withResolvers<void>();
  child.once('close', () => closed.resolve());
  return {
    look,
    async death(exitCode, exitSignal, killedByUs) {
      const timer = clock.after(LAST_LINES_MS, closed.resolve);
      await closed.promise;
      timer.cancel();
      const how = exitSignal ?? `exit code ${exitCode}`;
      const peakRssBytes = peak.bytes;
      const ending = { code: exitCode, signal: exitSignal, heapReported: heap.seen, peakRssBytes };
      const isOom = outOfMemory.explains({ ...ending, killedByUs }, clock.monotonicMs());
      return {
        cause: causeOf(exitSignal, isOom),
        exitCode,
        exitSignal,
        lastLines: [...tail.lines()],
        peakRssBytes,
        message: `The handler's own process ended (${how}) before it had an outcome.`,
      };
    },
    end: () => looks.cancel(),
  };
}
