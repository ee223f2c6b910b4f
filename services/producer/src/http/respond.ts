import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@millrace/core';

/** A whole answer; `body` is sent as JSON unless `text` is given. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
}

/** How long the rest of an unread body is still taken and thrown away, so that the client can read its answer. */
const LINGER_MS = 2_000;

/**
 * Closing a socket with unread input resets it, and the client may lose the answer. So the rest is read and
 * dropped for a while; only then is the connection cut.
 */
export function linger(request: IncomingMessage, clock: Clock): void {
  const timer = clock.after(LINGER_MS, () => request.destroy());
  request.once('close', () => timer.cancel());
  request.once('end', () => timer.cancel());
  request.resume();
}

/** An answer that its client does not read would be held in memory for as long as it likes. */
function cutOffUnread(response: ServerResponse, clock: Clock, unreadMs: number): void {
  if (response.writableFinished || !response.socket?.writableLength) return;
  const timer = clock.after(unreadMs, () => response.destroy());
  response.once('finish', () => timer.cancel()).once('close', () => timer.cancel());
}

/** Sends `answer`, whole and at once. Does nothing when the client is gone. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  { clock, unreadMs }: { readonly clock: Clock; readonly unreadMs: number },
): void {
  if (response.destroyed || response.headersSent) return;
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    ...(text === '' ? {} : { 'content-type': answer.type ?? 'application/json' }),
    ...(answer.status === 204 ? {} : { 'content-length': Buffer.byteLength(text) }),
    ...answer.headers,
  });
  response.end(text);
  cutOffUnread(response, clock, unreadMs);
  if (!request.complete) linger(request, clock);
}
