import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { type Clock, MillraceError, messageOf } from '@millrace/core';
import { type LineResult, lineResultSchema } from './answers.ts';
import { type HttpClient, throwProblem } from './http-client.ts';
import { textLines, wholeLines } from './ndjson-lines.ts';
import { unreachable } from './problem.ts';

/** A proxy may swallow the invitation to send the body (RFC 9110, 10.1.1): then it is sent uninvited. */
const INVITATION_LIMIT_MS = 1_000;

/** What a stream of jobs is made of and whom it tells. */
export interface Upload {
  readonly clock: Clock;
  readonly route: string;
  readonly input: Readable;
  /** Send no more, but wait for what was sent. */
  readonly stop: AbortSignal;
  /** Wait for nothing. */
  readonly abandon: AbortSignal;
  /** Called with what was just sent: some whole lines. */
  readonly onSent: (bytes: number, lines: number) => void;
  /** Called in the order of the lines; the next result waits for it. */
  readonly onResult: (result: LineResult) => Promise<void> | void;
}

/** How a stream of jobs ended. */
export interface UploadEnd {
  readonly linesSent: number;
  /** Every line up to this one has a result; 0 when none has. */
  readonly knownThrough: number;
  /** Why not everything was sent or answered; null when it was. */
  readonly fault: MillraceError | null;
}

interface Exchange {
  readonly request: ClientRequest;
  readonly upload: Upload;
  readonly tally: { linesSent: number; knownThrough: number };
  /** Aborts when the connection carries no more: nothing is left to send to. */
  readonly over: AbortController;
}

function stopped(): MillraceError {
  return new MillraceError('interrupted', 'Stopped before the end of the input.');
}

/**
 * Waits for the server's word that it wants the body. One that refuses the stream (no right, no such queue, no
 * store) says so before a line has left, where its answer cannot be lost with the connection.
 */
async function invited({ request, upload }: Exchange, halt: AbortSignal): Promise<void> {
  const asked = new AbortController();
  const signal = AbortSignal.any([halt, asked.signal]);
  const limit = upload.clock.sleep(INVITATION_LIMIT_MS, signal).catch(() => undefined);
  const invitation = once(request, 'continue', { signal }).catch(() => undefined);
  await Promise.race([invitation, limit]);
  asked.abort();
}

/**
 * Sends line after line until the input ends or somebody stops it; waits whenever the socket is full, which is
 * where a queue at its bound holds the sender back. Resolves to why it ended early, or null.
 */
async function sendLines(exchange: Exchange): Promise<MillraceError | null> {
  const { request, upload, tally, over } = exchange;
  const halt = AbortSignal.any([upload.stop, over.signal]);
  const closeInput = () => upload.input.destroy();
  halt.addEventListener('abort', closeInput, { once: true });
  try {
    await invited(exchange, halt);
    for await (const lines of wholeLines(upload.input)) {
      if (halt.aborted) break;
      const goesOn = request.write(lines.bytes);
      tally.linesSent += lines.count;
      upload.onSent(lines.bytes.length, lines.count);
      if (!goesOn) await once(request, 'drain', { signal: halt });
    }
    return halt.aborted ? stopped() : null;
  } catch (error) {
    if (halt.aborted) return stopped();
    return new MillraceError('usage', `The input cannot be read any further: ${messageOf(error)}`);
  } finally {
    halt.removeEventListener('abort', closeInput);
    if (!over.signal.aborted) request.end();
  }
}

function parseResult(line: string): LineResult {
  try {
    return lineResultSchema.parse(JSON.parse(line));
  } catch {
    throw new MillraceError('answer_not_understood', `The server answered a line that is no result: ${line}`);
  }
}

/** Reads results until the answer ends; throws the server's problem when it takes no stream at all. */
async function readResults({ request, upload, tally }: Exchange, url: URL): Promise<void> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) await throwProblem(response, url);
  for await (const line of textLines(response as AsyncIterable<Buffer>)) {
    const result = parseResult(line);
    tally.knownThrough = Math.max(tally.knownThrough, result.line);
    await upload.onResult(result);
  }
  if (!response.complete) throw new Error('it ended in the middle of the answer');
}

/** Resolves when the signal aborts, or `over` makes waiting pointless. */
function abandoned({ upload, over }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    if (upload.abandon.aborted) resolve();
    upload.abandon.addEventListener('abort', () => resolve(), { once: true, signal: over.signal });
  });
}

function faultOf(error: unknown, { tally }: Exchange, url: URL): MillraceError {
  if (error instanceof MillraceError) return error;
  if (tally.linesSent === 0) return unreachable(error, url);
  return new MillraceError('outcome_unknown', `The connection broke: ${messageOf(error)}.`, { cause: error });
}

/** Waits until all is sent and answered; resolves to what went wrong, or null. */
async function settle(exchange: Exchange, url: URL): Promise<MillraceError | null> {
  let allSent = false;
  const sending = sendLines(exchange).finally(() => {
    allSent = true;
  });
  const reading = readResults(exchange, url).then(() => allSent);
  try {
    const answered = await Promise.race([reading, abandoned(exchange).then(() => null)]);
    if (answered === null) return stopped();
    if (answered) return await sending;
    return new MillraceError('outcome_unknown', 'The server ended its answer before the end of the input.');
  } catch (error) {
    return faultOf(error, exchange, url);
  } finally {
    exchange.over.abort();
    exchange.request.destroy();
    exchange.upload.input.destroy();
    await Promise.allSettled([sending, reading]);
  }
}

/**
 * Streams NDJSON from the input to the server while reading its results, at the pace of the slower side; nothing
 * is held but a chunk and a line. Never throws: what went wrong stands beside how far it came.
 */
export async function uploadNdjson(http: HttpClient, upload: Upload): Promise<UploadEnd> {
  const request = http.open(upload.route, {
    'content-type': 'application/x-ndjson',
    accept: 'application/x-ndjson, application/problem+json',
    expect: '100-continue',
  });
  // Otherwise nothing leaves before the first line does, and a refusal waits as long as the input is silent.
  request.flushHeaders();
  const over = new AbortController();
  // Told through the response too; but a write may fail before that, and then sending has to end.
  request.on('error', () => over.abort());
  const exchange: Exchange = { request, upload, over, tally: { linesSent: 0, knownThrough: 0 } };
  const fault = await settle(exchange, http.url);
  return { ...exchange.tally, fault };
}
