import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Clock, MillraceError, parseTimeMs } from '@millrace/core';
import type { z } from 'zod';
import { problemFrom, unreachable } from './problem.ts';

const USER_AGENT = 'millrace-cli';
/** How long the server may be silent. It answers within 2 s itself, also when its store is away. */
const SILENCE_MS = 10_000;
/** Answers beyond this are no answers of ours. */
const ANSWER_MAX_BYTES = 64 * 1024 * 1024;

/** The status that says all there is to say: it is read as an empty object. */
const NO_CONTENT = 204;

/** HTTP dates count whole seconds. */
const CLOCK_TOLERANCE_MS = 2_000;

/** One exchange; `body` is sent as JSON. */
export interface Exchange {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long beyond the usual limit the server may think (ms), for `Prefer: wait`. */
  readonly extraMs?: number;
}

/** What came back, already known to be 2xx. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
  /** Now, by the clock that the answer's times were taken from; ms since 1970. */
  readonly nowMs: number;
}

/** Speaks to one Millrace server. Never resends anything by itself. */
export interface HttpClient {
  readonly url: URL;
  /**
   * Throws a MillraceError: the server's own problem, `server_unreachable` when nothing was sent,
   * `outcome_unknown` when a change was sent and the answer lost, `answer_not_understood`, `interrupted`.
   */
  exchange<T>(path: string, schema: z.ZodType<T>, exchange?: Exchange): Promise<Answer<T>>;
  /** Opens a request whose body the caller streams; see ndjson-upload. */
  open(path: string, headers: Readonly<Record<string, string>>): ClientRequest;
}

/** `/v1/queues/a%20b`: path segments joined, each escaped. */
export function path(...segments: readonly string[]): string {
  return `/v1/${segments.map(encodeURIComponent).join('/')}`;
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_MAX_BYTES) throw new MillraceError('answer_not_understood', 'The answer is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads an answer's JSON; throws `answer_not_understood`. */
function parseAnswer<T>(text: string, schema: z.ZodType<T>, url: URL, status: number): T {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new MillraceError(
      'answer_not_understood',
      `${url.origin} answered ${status} without JSON: is it a Millrace producer? Check MILLRACE_URL.`,
    );
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MillraceError(
    'answer_not_understood',
    `${url.origin} answered ${status}, but not as this version of millrace expects: ` +
      `/${issue?.path.map(String).join('/')} ${issue?.message}`,
  );
}

/** Ages are wrong by as much as two machines' clocks differ: beyond what its resolution explains, the server's counts. */
function nowOf(response: IncomingMessage, clock: Clock): number {
  const ownMs = clock.nowMs();
  const serverMs = parseTimeMs(response.headers.date ?? '');
  return serverMs !== null && Math.abs(serverMs - ownMs) > CLOCK_TOLERANCE_MS ? serverMs : ownMs;
}

/** Reads a refused request's problem; always throws. */
export async function throwProblem(response: IncomingMessage, url: URL): Promise<never> {
  const text = await readText(response).catch(() => '');
  throw problemFrom(response.statusCode ?? 0, text, response.headers['retry-after'], url);
}

interface Settings {
  readonly url: URL;
  readonly token: string | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

function openRequest(settings: Settings, route: string, options: RequestOptions): ClientRequest {
  const { url, token } = settings;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const [pathname, search] = route.split('?', 2);
  const target = new URL(url);
  target.pathname = `${url.pathname.replace(/\/$/, '')}${pathname}`;
  target.search = search ?? '';
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  const headers = { 'user-agent': USER_AGENT, accept: 'application/json', ...authorization };
  return send(target, { ...options, headers: { ...headers, ...options.headers }, agent: false });
}

/** Resolves with the response's head; rejects with what became of the connection. */
function responseTo(request: ClientRequest, settings: Settings, timeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const end = (error: Error) => request.destroy(error);
    const timer = settings.clock.after(timeoutMs, () =>
      end(new Error(`no answer for ${timeoutMs / 1000} s`)),
    );
    const onAbort = () => end(new MillraceError('interrupted', 'Stopped before the server answered.'));
    settings.signal.addEventListener('abort', onAbort, { once: true });
    const settle = () => {
      timer.cancel();
      settings.signal.removeEventListener('abort', onAbort);
    };
    request.once('response', (response) => {
      response.once('close', settle);
      resolve(response);
    });
    request.once('error', (error) => {
      settle();
      reject(error);
    });
  });
}

/** Tells whether the request ever reached a server; before that, nothing left this machine. */
function watchConnection(request: ClientRequest): () => boolean {
  let connected = false;
  request.once('socket', (socket) => {
    socket.once('connect', () => {
      connected = true;
    });
  });
  return () => connected;
}

/** What a broken exchange means to the caller: nothing was sent, or nobody knows. */
function broken(error: unknown, isChange: boolean, wasConnected: boolean, url: URL): MillraceError {
  if (isChange && wasConnected) {
    return new MillraceError('outcome_unknown', 'The answer was lost after sending: it may have happened.', {
      cause: error,
    });
  }
  return error instanceof MillraceError ? error : unreachable(error, url);
}

async function exchangeOn<T>(
  settings: Settings,
  route: string,
  schema: z.ZodType<T>,
  exchange: Exchange,
): Promise<Answer<T>> {
  const body = exchange.body === undefined ? null : Buffer.from(JSON.stringify(exchange.body));
  const contentHeaders = body ? { 'content-type': 'application/json', 'content-length': body.length } : {};
  const request = openRequest(settings, route, {
    method: exchange.method ?? 'GET',
    headers: { ...contentHeaders, ...exchange.headers },
  });
  const wasConnected = watchConnection(request);
  const answered = responseTo(request, settings, SILENCE_MS + (exchange.extraMs ?? 0));
  request.end(body);
  let response: IncomingMessage;
  let text: string;
  try {
    response = await answered;
    text = await readText(response);
  } catch (error) {
    throw broken(error, request.method !== 'GET', wasConnected(), settings.url);
  }
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) {
    throw problemFrom(status, text, response.headers['retry-after'], settings.url);
  }
  const nowMs = nowOf(response, settings.clock);
  const told = status === NO_CONTENT ? '{}' : text;
  return { status, body: parseAnswer(told, schema, settings.url, status), nowMs };
}

/** A client of the server at `url`. */
export function createHttpClient(settings: Settings): HttpClient {
  return {
    url: settings.url,
    exchange: (route, schema, exchange = {}) => exchangeOn(settings, route, schema, exchange),
    open: (route, headers) => openRequest(settings, route, { method: 'POST', headers }),
  };
}
