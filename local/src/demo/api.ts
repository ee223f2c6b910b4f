import events from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Clock } from '@millrace/core';

/** An answer below 500 other than the expected ones is told with the API's own words. */
export class DemoFailure extends Error {}

/** The pause before a call is made again. */
const AGAIN_MS = 50;
/** A call that is not answered by then is made again: the connection may be dead. */
const DEADLINE_MS = 10_000;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A call that may be repeated until it is answered: everything here is idempotent, adds by their key. */
export interface Request {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string;
  /** W3C baggage, which the spans of what is handed in carry on. */
  readonly baggage?: string;
}

/** The producer's HTTP API, for a client that outlasts its restarts. */
export interface Api {
  /** Repeats the call until the answer is below 500; rejects only when the client's signal, or `signal`, aborts. */
  ask(request: Request, signal?: AbortSignal): Promise<Answer>;
  /** As `ask`, for calls that have one right answer (2xx); throws {@link DemoFailure} for any other. */
  must<T>(request: Request): Promise<T>;
}

/** Where the API is, and who asks. */
export interface ApiAddress {
  readonly url: string;
  /** Bearer token; undefined where none is needed. */
  readonly token?: string | undefined;
}

interface Caller extends ApiAddress {
  readonly agent: Agent;
}

function headersOf(
  request: Request,
  token: string | undefined,
  body: string | undefined,
): OutgoingHttpHeaders {
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...(request.key === undefined ? {} : { 'idempotency-key': request.key }),
    ...(request.baggage === undefined ? {} : { baggage: request.baggage }),
  };
}

/** One try. Node's own client: `fetch` costs half as much processor again, which here the workers need. */
async function once(caller: Caller, request: Request, signal: AbortSignal): Promise<Answer> {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const call = httpRequest(caller.url + request.path, {
    method: request.method,
    agent: caller.agent,
    headers: headersOf(request, caller.token, body),
    timeout: DEADLINE_MS,
    signal,
  });
  call.on('timeout', () => call.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)));
  call.end(body);
  const [response] = (await events.once(call, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) };
}

/** Why the API said no, in its own words. */
export function problemOf(answer: Answer): string {
  const problem = (answer.body ?? {}) as { code?: string; detail?: string; title?: string };
  return [answer.status, problem.code, problem.detail ?? problem.title].filter(Boolean).join(' ');
}

/** A client of the API at `address`; all its calls end when `signal` aborts. */
export function createApi(address: ApiAddress, clock: Clock, signal: AbortSignal): Api {
  const caller = { ...address, agent: new Agent({ keepAlive: true }) };
  const ask = async (request: Request, own?: AbortSignal): Promise<Answer> => {
    const over = own ? AbortSignal.any([signal, own]) : signal;
    for (;;) {
      try {
        const answer = await once(caller, request, over);
        if (answer.status < 500) return answer;
      } catch {
        over.throwIfAborted();
      }
      await clock.sleep(AGAIN_MS, over);
    }
  };
  return {
    ask,
    async must<T>(request: Request) {
      const answer = await ask(request);
      if (answer.status >= 200 && answer.status < 300) return answer.body as T;
      throw new DemoFailure(`${request.method} ${request.path} was refused: ${problemOf(answer)}`);
    },
  };
}
