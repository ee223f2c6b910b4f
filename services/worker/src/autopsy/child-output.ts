import type { ChildProcess } from 'node:child_process';
import type { Clock } from '@millrace/core';
import { createHeapDeathWatch } from './heap-death.ts';
import { createTail } from './stderr-tail.ts';

/** Where children's outputs go. */
export type Output = Pick<NodeJS.WritableStream, 'write'>;

/** `stream`, and how many bytes went through it. */
export function countOutput(stream: Output): { readonly output: Output; bytes(): number } {
  let bytes = 0;
  return {
    output: {
      write(chunk: string | Uint8Array) {
        bytes += Buffer.byteLength(chunk);
        return stream.write(chunk);
      },
    },
    bytes: () => bytes,
  };
}

/** Passes what a child says on to `output`, and remembers its last lines and any report of a full heap. */
export function listenTo(child: ChildProcess, output: Output, clock: Clock) {
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
