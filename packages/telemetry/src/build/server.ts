import { PROBLEM_CODE } from '../semconv.ts';
import type { SpanPlace, SpanRecord } from '../span-record.ts';
import { present } from './facts.ts';

/** An HTTP request that has been answered. Times are µs since 1970. */
export interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern, `/v1/queues/{queue}/jobs`: never the path, which has many values. Null: there is none. */
  readonly route: string | null;
  readonly status: number;
  readonly startUs: number;
  readonly endUs: number;
  /** The problem's code, where it was refused. */
  readonly errorCode?: string | undefined;
  readonly path?: string | undefined;
  readonly scheme?: 'http' | 'https' | undefined;
}

/** The SERVER span of a request; by convention only what the server did wrong (5xx) is an error. */
export function serverSpan(
  request: AnsweredRequest,
  place: SpanPlace,
  parentSpanId: string | null,
  traceState?: string,
): SpanRecord {
  const isError = request.status >= 500;
  return {
    ...place,
    parentSpanId,
    traceState,
    name: request.route === null ? request.method : `${request.method} ${request.route}`,
    kind: 'server',
    startUs: request.startUs,
    endUs: request.endUs,
    attributes: present({
      'http.request.method': request.method,
      'http.route': request.route,
      'http.response.status_code': request.status,
      'url.path': request.path,
      'url.scheme': request.scheme,
      [PROBLEM_CODE]: request.errorCode,
      'error.type': isError ? (request.errorCode ?? String(request.status)) : undefined,
    }),
    error: isError ? (request.errorCode ?? `HTTP ${request.status}`) : undefined,
  };
}
