import http, { type RefinedResponse, type ResponseType } from 'k6/http';
import type { Answer } from './answers.ts';

/** Where the API is, and who asks. */
export interface Address {
  readonly url: string;
  /** Bearer token; empty where none is needed. */
  readonly token: string;
}

/** How a call is made. `name` groups the samples of one route. */
export interface Call {
  readonly name: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that are no failure of HTTP. */
  readonly expected?: readonly number[];
  readonly timeoutS?: number;
}

/** An answer, how long it took in ms, and the server's clock as HTTP writes it. */
export interface TimedAnswer extends Answer {
  readonly ms: number;
  readonly date: string;
}

const SUCCESS = { min: 200, max: 299 };
const TIMEOUT_S = 30;

function hex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A new W3C trace, sampled: what the platform does for this request is found under it. */
function traceparent(): string {
  return `00-${hex(16)}-${hex(8)}-01`;
}

function parsed(body: string | null): unknown {
  try {
    return body === null || body === '' ? null : JSON.parse(body);
  } catch {
    return body;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

function requestOf({ token }: Address, call: Call) {
  return {
    headers: {
      ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
      traceparent: traceparent(),
      ...call.headers,
    },
    // Without names each job's path would be a time series of its own.
    tags: { name: call.name },
    responseCallback: http.expectedStatuses(SUCCESS, ...(call.expected ?? [])),
    timeout: `${call.timeoutS ?? TIMEOUT_S}s`,
    responseType: 'text' as const,
  };
}

function answerOf(response: RefinedResponse<ResponseType>): TimedAnswer {
  const { status, body, timings, headers, error_code: errorCode } = response;
  const text = typeof body === 'string' ? body : null;
  return { status, errorCode, body: parsed(text), ms: timings.duration, date: headers.Date ?? '' };
}

/** One request; it never throws for an answer, status 0 tells that none came. */
export function call(address: Address, method: Method, path: string, how: Call): TimedAnswer {
  const body = how.body === undefined ? null : JSON.stringify(how.body);
  return answerOf(http.request(method, address.url + path, body, requestOf(address, how)));
}

/** Several reads at once, over the connections of this VU; answers stand as the paths do. */
export function readAll(address: Address, paths: readonly string[], how: Call): TimedAnswer[] {
  if (paths.length === 1) return [call(address, 'GET', paths[0] as string, how)];
  const requests = paths.map((path) => ({
    method: 'GET',
    url: address.url + path,
    params: requestOf(address, how),
  }));
  return http.batch(requests).map(answerOf);
}
