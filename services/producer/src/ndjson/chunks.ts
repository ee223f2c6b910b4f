import type { IncomingMessage } from 'node:http';
import { type Clock, MillraceError } from '@millrace/core';

const EVENTS = ['readable', 'end', 'close', 'error'] as const;

export interface ChunksOptions {
  readonly clock: Clock;
  /** A body that brings nothing for so long is taken to be at its end, ms. */
  readonly idleMs: number;
  readonly stop: AbortSignal;
}

/** Resolves when there may be something to read, or nothing will come any more: true then for want of patience. */
function change(request: IncomingMessage, { clock, idleMs, stop }: ChunksOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isIdle: boolean) => {
      timer.cancel();
      for (const event of EVENTS) request.off(event, done);
      stop.removeEventListener('abort', done);
      resolve(isIdle);
    };
    const done = () => end(false);
    const timer = clock.after(idleMs, () => end(true));
    for (const event of EVENTS) request.on(event, done);
    stop.addEventListener('abort', done, { once: true });
    if (stop.aborted || request.destroyed) done();
  });
}

/**
 * The body piece by piece, read from the socket only when asked for. Unlike the stream's own iterator it can stop
 * in the middle and leave the request in one piece, so that an answer can still be ended.
 * Throws `interrupted` when the body breaks off.
 */
export async function* chunksOf(request: IncomingMessage, options: ChunksOptions): AsyncGenerator<Buffer> {
  while (!options.stop.aborted) {
    const chunk = request.read() as Buffer | null;
    if (chunk !== null) yield chunk;
    else if (request.readableEnded) return;
    else if (request.destroyed)
      throw new MillraceError('interrupted', 'The client went away within its body.');
    else if (await change(request, options)) return;
  }
}
