import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, isMillraceError, MillraceError } from '@millrace/core';
import { inviteBody, tooLarge } from '../http/body.ts';
import { linger } from '../http/respond.ts';
import type { LineResult } from '../schemas/answers.ts';
import { chunksOf } from './chunks.ts';
import { type Line, lineBatches } from './line-batches.ts';
import { lineRefusal, type Offer, type OfferContext, offerAll } from './offer.ts';

/** Lines dealt with at a time: two full script calls of the store. */
const MOST_LINES = 128;

export interface StreamOptions extends Omit<OfferContext, 'width'> {
  readonly maxLineBytes: number;
  /** A client that reads none of its results for so long is cut off, ms. */
  readonly unreadMs: number;
  /** A client that sends nothing for so long has its answer ended, ms. */
  readonly idleMs: number;
  /** Resolves with what stores the line's job and resolves with its id; throws why it may not be stored. */
  readonly prepare: (bytes: Buffer) => Promise<Offer['admit']>;
  readonly onResult: (result: LineResult) => void;
}

const isBlank = (bytes: Buffer | null) => bytes !== null && bytes.toString('latin1').trim() === '';

/** Keeps results back until all before them are known. */
function inOrder(lines: readonly number[], write: (results: readonly LineResult[]) => Promise<void>) {
  const known = new Map<number, LineResult>();
  let next = 0;
  return async (results: readonly LineResult[]) => {
    for (const result of results) known.set(result.line, result);
    const ready: LineResult[] = [];
    for (; next < lines.length; next++) {
      const result = known.get(lines[next] as number);
      if (!result) break;
      ready.push(result);
    }
    if (ready.length > 0) await write(ready);
  };
}

/** Resolves when the response takes more, or is closed; cuts off a client that does not read. */
function drained(response: ServerResponse, clock: Clock, unreadMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(unreadMs, () => response.destroy());
    const done = () => {
      timer.cancel();
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.once('drain', done).once('close', done);
    if (response.destroyed) done();
  });
}

/** Deals with one batch: refuses what cannot be stored, offers the rest, writes every result in order. */
async function settle(
  batch: readonly Line[],
  options: StreamOptions,
  width: OfferContext['width'],
  write: (results: readonly LineResult[]) => Promise<void>,
): Promise<void> {
  const lines = batch.filter(({ bytes }) => !isBlank(bytes));
  const tell = inOrder(
    lines.map(({ number }) => number),
    write,
  );
  const offers: Offer[] = [];
  const refused: LineResult[] = [];
  for (const { number, bytes } of lines) {
    try {
      if (bytes === null) throw tooLarge('The line', options.maxLineBytes);
      offers.push({ line: number, admit: await options.prepare(bytes) });
    } catch (error) {
      refused.push(lineRefusal(number, options.toMillraceError(error)));
    }
  }
  await tell(refused);
  await offerAll(offers, { ...options, width }, tell);
}

/**
 * Answers a stream of jobs, one result a line, in order. The body is read only as fast as the queue takes the jobs
 * and the client its results, so that back-pressure reaches the client's socket. Ends when the body does, when
 * the client goes away, or, after answering the lines it has read, when `stop` aborts.
 */
export async function answerStream(
  request: IncomingMessage,
  response: ServerResponse,
  options: StreamOptions,
): Promise<void> {
  const width = { lines: MOST_LINES, most: MOST_LINES };
  const limits = { maxLineBytes: options.maxLineBytes, maxLines: MOST_LINES };
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const stop = AbortSignal.any([options.stop, gone.signal]);
  const write = async (results: readonly LineResult[]) => {
    for (const result of results) options.onResult(result);
    if (gone.signal.aborted) return;
    const text = results.map((result) => `${JSON.stringify(result)}\n`).join('');
    if (!response.write(text)) await drained(response, options.clock, options.unreadMs);
  };

  inviteBody(request, response);
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  response.flushHeaders();
  try {
    for await (const batch of lineBatches(chunksOf(request, { ...options, stop }), limits)) {
      await settle(batch, { ...options, stop }, width, write);
    }
  } catch (error) {
    // The body broke off: what was read whole is stored, and nobody is there to be told.
    if (!isMillraceError(error, 'interrupted')) throw error;
  }
  response.end();
  if (!request.complete) linger(request, options.clock);
}

/** For the one misuse of a stream that is known before it starts. */
export function keyOnStream(): MillraceError {
  return new MillraceError(
    'malformed',
    'Idempotency-Key does not go with NDJSON: a stream is no single request. Leave it out, or send a bulk.',
  );
}
