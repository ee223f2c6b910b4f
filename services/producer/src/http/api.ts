import { type Clock, type Log, MillraceError } from '@millrace/core';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Metrics } from '../metrics.ts';
import { type Access, assertRole } from './access.ts';
import { assertMediaType, readBody } from './body.ts';
import type { Caller } from './caller.ts';
import { parseJson } from './json-text.ts';
import { refusalOf } from './problem.ts';
import { type Answer, send } from './respond.ts';
import type { Route } from './route.ts';
import { parseWith } from './schema-faults.ts';

export interface ApiOptions {
  readonly routes: readonly Route[];
  readonly access: Access;
  readonly bodyMaxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'request'>;
  /** True from the moment the process is about to end: every answer closes its connection. */
  readonly isDraining: () => boolean;
}

/** What answers JSON to programs loads nothing and is framed by nobody. TLS ends before us, and so does its policy. */
const SHIELD = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  strictTransportSecurity: false,
};

const expressPath = (path: string) => path.replace(/\{(\w+)\}/g, ':$1');

function queryOf(request: Request): Record<string, string> {
  return Object.fromEntries(new URL(request.url, 'http://localhost').searchParams);
}

/** Checks a request's parts against its route's schemas, then lets the route answer. */
async function run(
  route: Route,
  request: Request,
  response: Response,
  options: ApiOptions,
): Promise<Answer | null> {
  const caller = response.locals.caller as Caller;
  assertRole(caller, route.role);
  const params = route.params ? parseWith(route.params, { ...request.params }) : {};
  const query = route.query ? parseWith(route.query, queryOf(request)) : {};
  let body: unknown;
  if (route.body) {
    assertMediaType(request, ['application/json']);
    const bytes = await readBody(request, response, { maxBytes: options.bodyMaxBytes, clock: options.clock });
    body = parseWith(route.body, parseJson(bytes));
  }
  return route.handle({ request, response, caller, params, query, body });
}

function mount(app: Express, route: Route, options: ApiOptions): void {
  app[route.method](expressPath(route.path), async (request: Request, response: Response) => {
    response.locals.route = `${route.method.toUpperCase()} ${route.path}`;
    const answer = await run(route, request, response, options);
    if (answer) send(request, response, answer, options.clock);
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

function problemHandler({ log, clock }: ApiOptions): ErrorRequestHandler {
  return (error, request, response, _next) => {
    const { status, headers, problem } = refusalOf(error, log);
    // Part of an answer is out: only a broken connection tells the truth now.
    if (response.headersSent) return void response.destroy();
    send(request, response, { status, headers, body: problem, type: 'application/problem+json' }, clock);
  };
}

/** The Express application that answers the table of routes. */
export function createApi(options: ApiOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing');
  app.set('query parser', false);
  app.use(helmet(SHIELD));
  app.use((request, response, next) => {
    if (options.isDraining()) response.setHeader('connection', 'close');
    response.once('close', () => {
      const { route = 'none' } = response.locals as { route?: string };
      // Nobody saw an answer that was never sent; 499 is what proxies count it as.
      options.metrics.request(route, response.headersSent ? response.statusCode : 499);
    });
    response.locals.caller = options.access(request.headers);
    next();
  });
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
