import type { ChildProcess } from 'node:child_process';
import type { Clock } from '@millrace/core';
import { createHeapDeathWatch } from './heap-death.ts';
import { createTail } from './stderr-tail.ts';

/** Passes what a child says on to `output`, and remembers its last lines and any report of a full heap. */
export function listenTo(child: ChildProcess, output: NodeJS.WritableStream, clock: Clock) {
  const tail = createTail();
  const heap = createHeapDeathWatch(clock);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      tail.push(chunk);
      heap.push(chunk);
      output.write(chunk);
    });
  }
  return { tail, heap };
}
