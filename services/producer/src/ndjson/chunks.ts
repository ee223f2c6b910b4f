import type { IncomingMessage } from 'node:http';
import { MillraceError } from '@millrace/core';

const EVENTS = ['readable', 'end', 'close', 'error'] as const;

/** Resolves when there may be something to read, or nothing will come any more. */
function change(request: IncomingMessage, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of EVENTS) request.off(event, done);
      stop.removeEventListener('abort', done);
      resolve();
    };
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
export async function* chunksOf(request: IncomingMessage, stop: AbortSignal): AsyncGenerator<Buffer> {
  while (!stop.aborted) {
    const chunk = request.read() as Buffer | null;
    if (chunk !== null) yield chunk;
    else if (request.readableEnded) return;
    else if (request.destroyed)
      throw new MillraceError('interrupted', 'The client went away within its body.');
    else await change(request, stop);
  }
}
