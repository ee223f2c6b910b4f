import { type Clock, messageOf } from '@millrace/core';

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
}

/** The producer's HTTP API, for a client that outlasts its restarts. */
export interface Api {
  /** Repeats the call until the answer is below 500; rejects only when the signal aborts. */
  ask(request: Request): Promise<Answer>;
  /** As `ask`, for calls that have one right answer (2xx); throws {@link DemoFailure} for any other. */
  must<T>(request: Request): Promise<T>;
}

/** Where the API is, and who asks. */
export interface ApiAddress {
  readonly url: string;
  /** Bearer token; undefined where none is needed. */
  readonly token?: string | undefined;
}

function initOf(request: Request, token: string | undefined, signal: AbortSignal): RequestInit {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  if (request.key !== undefined) headers['idempotency-key'] = request.key;
  const init: RequestInit = { method: request.method, headers, signal };
  return request.body === undefined ? init : { ...init, body: JSON.stringify(request.body) };
}

async function once({ url, token }: ApiAddress, request: Request, signal: AbortSignal): Promise<Answer> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const response = await fetch(url + request.path, initOf(request, token, deadline));
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}

/** Why the API said no, in its own words. */
export function problemOf(answer: Answer): string {
  const problem = (answer.body ?? {}) as { code?: string; detail?: string; title?: string };
  return [answer.status, problem.code, problem.detail ?? problem.title].filter(Boolean).join(' ');
}

/** `onTrouble` hears of every call that had to be repeated. */
export function createApi(
  address: ApiAddress,
  clock: Clock,
  signal: AbortSignal,
  onTrouble: (why: string) => void = () => undefined,
): Api {
  const ask = async (request: Request): Promise<Answer> => {
    for (;;) {
      try {
        const answer = await once(address, request, signal);
        if (answer.status < 500) return answer;
        onTrouble(problemOf(answer));
      } catch (error) {
        signal.throwIfAborted();
        onTrouble(messageOf(error));
      }
      await clock.sleep(AGAIN_MS, signal);
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
