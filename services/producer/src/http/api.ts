import { type Clock, type Log, MillraceError } from '@millrace/core';
import { formatTraceparent } from '@millrace/telemetry';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Metrics } from '../metrics.ts';
import type { RequestTrace } from '../tracing/request-trace.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type Access, assertRole } from './access.ts';
import { type AuditDetails, type AuditLine, auditLine, mayChange, traceIdOf } from './audit.ts';
import { assertMediaType, readBody } from './body.ts';
import type { Caller } from './caller.ts';
import { clientAddress } from './client-address.ts';
import { parseJson } from './json-text.ts';
import type { LiveRequests } from './live-requests.ts';
import { refusalOf } from './problem.ts';
import { type Answer, send } from './respond.ts';
import type { Route } from './route.ts';
import { parseWith } from './schema-faults.ts';

export interface ApiOptions {
  readonly routes: readonly Route[];
  readonly access: Access;
  readonly bodyMaxBytes: number;
  readonly bodyMs: number;
  readonly unreadMs: number;
  /** Proxies in front that add to X-Forwarded-For. */
  readonly trustedHops: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly live: Pick<LiveRequests, 'track'>;
  /** Told of every request that may have changed something. */
  readonly audit: (line: AuditLine) => void;
  readonly metrics: Pick<Metrics, 'request'>;
  readonly tracing: Pick<Tracing, 'begin' | 'answered'>;
  /** True from the moment the process is about to end: every answer closes its connection. */
  readonly isLeaving: () => boolean;
}

/** What one request has come to so far. */
interface Progress {
  readonly address: string;
  caller: Caller | null;
  route: Route | null;
  error: MillraceError | null;
  target: AuditDetails;
  readonly trace: RequestTrace;
  /** Of the one job that it is about. */
  jobTraceId: string | null;
}

/** What answers JSON to programs loads nothing and is framed by nobody. TLS ends before us, and so does its policy. */
const SHIELD = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  strictTransportSecurity: false,
};
const START = { caller: null, route: null, error: null, target: {}, jobTraceId: null };
const NOBODY: Caller = { name: 'anyone', role: 'viewer' };

const expressPath = (path: string) => path.replace(/\{(\w+)\}/g, ':$1');
const progressOf = (response: Response) => response.locals.progress as Progress;

function queryOf(request: Request): Record<string, string> {
  return Object.fromEntries(new URL(request.url, 'http://localhost').searchParams);
}

/** Checks a request's parts against its route's schemas, then lets the route answer. */
async function run(
  route: Route,
  request: Request,
  response: Response,
  { bodyMaxBytes, bodyMs, clock }: ApiOptions,
): Promise<Answer | null> {
  const progress = progressOf(response);
  progress.route = route;
  // As they came: what was refused is told of, too.
  progress.target = { ...(request.params as Record<string, string>) };
  const caller = progress.caller ?? NOBODY;
  if (route.role !== 'anyone') assertRole(caller, route.role);
  const params = route.params ? parseWith(route.params, { ...request.params }) : {};
  const query = route.query ? parseWith(route.query, queryOf(request)) : {};
  let body: unknown;
  if (route.body) {
    assertMediaType(request, ['application/json']);
    const bytes = await readBody(request, response, { maxBytes: bodyMaxBytes, withinMs: bodyMs, clock });
    body = parseWith(route.body, parseJson(bytes));
  }
  const note = (details: AuditDetails) => {
    progress.target = { ...progress.target, ...details };
  };
  const noteTrace = (traceId: string) => {
    progress.jobTraceId = traceId;
  };
  const { trace } = progress;
  return route.handle({ request, response, caller, note, trace, noteTrace, params, query, body });
}

function mount(app: Express, route: Route, options: ApiOptions): void {
  app[route.method](expressPath(route.path), async (request: Request, response: Response) => {
    const answer = await run(route, request, response, options);
    if (answer) send(request, response, answer, options);
  });
}

/** Other methods on a known path: 405, with the ones it takes. */
function mountMethods(app: Express, path: string, routes: readonly Route[]): void {
  const methods = routes.map(({ method }) => method.toUpperCase());
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  app.all(expressPath(path), (request, response) => {
    if (request.method === 'OPTIONS') return void response.writeHead(204, { allow }).end();
    throw new MillraceError('method_not_allowed', `${path} takes ${allow}, not ${request.method}.`, {
      details: { allow },
    });
  });
}

function problemHandler(options: ApiOptions): ErrorRequestHandler {
  return (error, request, response, _next) => {
    const progress = progressOf(response);
    const { status, headers, problem, told } = refusalOf(error, logOf(request, progress, options.log));
    progress.error = told;
    // Part of an answer is out: only a broken connection tells the truth now.
    if (response.headersSent) return void response.destroy();
    send(request, response, { status, headers, body: problem, type: 'application/problem+json' }, options);
  };
}

/** The trace that a request belongs to, whoever keeps it. */
const traceOf = (request: Request, { jobTraceId, trace }: Progress): string | null =>
  trace.server?.traceId ?? traceIdOf(request.headers.traceparent) ?? jobTraceId;

/** A log whose lines can be laid beside the request's spans. */
function logOf(request: Request, progress: Progress, log: Log): Log {
  const traceId = traceOf(request, progress);
  if (traceId === null) return log;
  const { server } = progress.trace;
  return log.child({ trace_id: traceId, ...(server && { span_id: server.spanId }) });
}

/** The request's own span, where it has one. */
function traceAnswer(
  request: Request,
  progress: Progress,
  status: number,
  tracing: ApiOptions['tracing'],
): void {
  const { route, error, trace } = progress;
  if (!trace.server) return;
  tracing.answered(trace, {
    ...{ method: request.method, route: route?.path ?? null, status, path: request.path },
    errorCode: error?.code,
  });
}

/** Counts a request that has ended, and tells the audit log of it. */
function close(request: Request, response: Response, { metrics, audit, tracing }: ApiOptions): void {
  const progress = progressOf(response);
  const { route, caller, error, address, target } = progress;
  // Nobody saw an answer that was never sent; 499 is what proxies count it as.
  const status = response.headersSent ? response.statusCode : 499;
  metrics.request(route ? `${route.method.toUpperCase()} ${route.path}` : 'none', status);
  traceAnswer(request, progress, status, tracing);
  // Who is turned away unheard is counted, not written down: the log is no place to flood.
  if (!mayChange(request) || error?.code === 'too_many_failures') return;
  audit(
    auditLine({
      action: route?.id ?? null,
      method: request.method,
      path: request.path,
      caller,
      address,
      trace: traceOf(request, progress),
      status,
      code: error?.code ?? null,
      target,
    }),
  );
}

/** First of all: who asks? Nothing behind it is reached without an answer, save what is for anyone. */
function mountEntrance(app: Express, options: ApiOptions): void {
  const { access, routes, live, trustedHops, isLeaving, tracing } = options;
  const forAnyone = new Set(routes.filter(({ role }) => role === 'anyone').map(({ path }) => path));
  app.use((request, response, next) => {
    const { headers, socket } = request;
    const address = clientAddress(socket.remoteAddress, headers['x-forwarded-for'], trustedHops);
    const trace = tracing.begin(request);
    const progress: Progress = { ...START, address, trace };
    response.locals.progress = progress;
    if (trace.server) response.setHeader('traceresponse', formatTraceparent(trace.server, true));
    response.setHeader('cache-control', 'no-store');
    if (isLeaving()) response.setHeader('connection', 'close');
    response.once('close', () => close(request, response, options));
    if (forAnyone.has(request.path)) access.admitAnyone(headers);
    else {
      progress.caller = access.callerOf(headers, address);
      live.track(request, response);
    }
    next();
  });
}

/** The Express application that answers the table of routes. */
export function createApi(options: ApiOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing');
  app.set('query parser', false);
  app.use(helmet(SHIELD));
  mountEntrance(app, options);
  for (const route of options.routes) mount(app, route, options);
  for (const [path, routes] of Map.groupBy(options.routes, ({ path }) => path))
    mountMethods(app, path, [...routes]);
  app.use((request) => {
    throw new MillraceError(
      'not_found',
      `There is nothing at ${request.path}; /openapi.json lists all routes.`,
    );
  });
  app.use(problemHandler(options));
  return app;
}
