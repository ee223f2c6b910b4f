import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, type Fault, MillraceError } from '@millrace/core';

/** `application/json; charset=utf-8` → `application/json`; null when there is none. */
export function mediaType(request: IncomingMessage): string | null {
  return request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? null;
}

/** Throws `unsupported_media_type` unless the body is one of `types`, in UTF-8, and not compressed. */
export function assertMediaType(request: IncomingMessage, types: readonly string[]): string {
  const type = mediaType(request);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const charset = /charset="?([^;"\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  const wanted = `Send "Content-Type: ${types.join('" or "')}"`;
  if (type === null || !types.includes(type)) {
    throw new MillraceError(
      'unsupported_media_type',
      `${wanted}, not ${type === null ? 'none' : `"${type}"`}.`,
    );
  }
  if (!/^utf-?8$/i.test(charset)) {
    throw new MillraceError('unsupported_media_type', `${wanted} in UTF-8, not "${charset}".`);
  }
  if (encoding.toLowerCase() !== 'identity') {
    throw new MillraceError('unsupported_media_type', `${wanted} without compression, not "${encoding}".`);
  }
  return type;
}

/** A client that asked first is told to go on; whoever is refused before this never sends the body. */
export function inviteBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
}

export function tooLarge(what: string, maxBytes: number, faults?: readonly Fault[]): MillraceError {
  return new MillraceError('payload_too_large', `${what} is over the limit of ${maxBytes} bytes.`, {
    details: { maxBytes, ...(faults && { faults }) },
  });
}

/**
 * Reads a whole body. Throws `payload_too_large` as soon as it is known to be, `malformed` when it does not arrive
 * in time, `interrupted` when the client went away.
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limits: {
    readonly maxBytes: number;
    /** A body that is not here by then comes from a client that is stuck, or that wants us to be. */
    readonly withinMs: number;
    readonly clock: Clock;
  },
): Promise<Buffer> {
  const { maxBytes, withinMs, clock } = limits;
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    return Promise.reject(tooLarge('The body', maxBytes));
  }
  inviteBody(request, response);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void) => {
      timer.cancel();
      request.removeAllListeners('data').removeAllListeners('end').off('close', onClose);
      act();
    };
    const fail = (error: MillraceError) => settle(() => reject(error));
    const onClose = () => fail(new MillraceError('interrupted', 'The client went away within its body.'));
    const timer = clock.after(withinMs, () =>
      fail(new MillraceError('malformed', `The body was not here after ${withinMs / 1000} s.`)),
    );
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) return fail(tooLarge('The body', maxBytes));
      chunks.push(chunk);
    });
    request.on('end', () =>
      settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))),
    );
    request.on('close', onClose);
    // Its errors end in 'close' too.
    request.on('error', () => undefined);
  });
}
