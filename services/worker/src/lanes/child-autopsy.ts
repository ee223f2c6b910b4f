import type { ChildProcess } from 'node:child_process';
import type { Clock } from '@millrace/core';
import { createTail } from '../pod/stderr-tail.ts';
import { createHeapDeathWatch } from './heap-death.ts';
import { watchPeakMemory } from './peak-memory.ts';
import { causeOf, type RunDeath } from './verdict.ts';

/** Its exit may be told before its last lines are; a grandchild that holds the pipes open must not hold us. */
const LAST_LINES_MS = 100;

/** What is learned of a job's own process while it lives, for the case that it dies. */
export interface ChildAutopsy {
  /** Memory that is gone from sight at the end. */
  look(): void;
  /** Resolves soon after the child's exit. */
  death(exitCode: number | null, exitSignal: string | null): Promise<Omit<RunDeath, 'memoryLimitBytes'>>;
  end(): void;
}

/** Passes the child's outputs on to `output`, and remembers their ends. */
export function openAutopsy(child: ChildProcess, output: NodeJS.WritableStream, clock: Clock): ChildAutopsy {
  const tail = createTail();
  const heap = createHeapDeathWatch();
  const peak = watchPeakMemory(child.pid, clock);
  const closed = Promise.withResolvers<void>();
  child.once('close', () => closed.resolve());
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      tail.push(chunk);
      heap.push(chunk);
      output.write(chunk);
    });
  }
  return {
    look: peak.look,
    async death(exitCode, exitSignal) {
      const timer = clock.after(LAST_LINES_MS, closed.resolve);
      await closed.promise;
      timer.cancel();
      const how = exitSignal ?? `exit code ${exitCode}`;
      return {
        cause: causeOf(exitSignal, heap.seen),
        exitCode,
        exitSignal,
        lastLines: [...tail.lines()],
        peakRssBytes: peak.bytes,
        message: `The handler's own process ended (${how}) before it had an outcome.`,
      };
    },
    end: peak.stop,
  };
}
