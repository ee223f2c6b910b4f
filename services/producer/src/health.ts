import type { RequestListener } from 'node:http';
import { PROMETHEUS_TEXT_TYPE } from '@millrace/telemetry';

export interface HealthOptions {
  /** Why it is not ready, as a sentence; null means ready. */
  readonly fault: () => Promise<string | null>;
  readonly metrics: () => string;
}

/** Answers `/livez`, `/readyz` and `/metrics`, on a port of their own that needs no token. */
export function healthListener({ fault, metrics }: HealthOptions): RequestListener {
  return (request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    const path = request.url?.split('?')[0];
    request.resume();
    // Alive is whoever answers: a store that is away is no reason to restart the API.
    if (path === '/livez') answer(200, 'ok\n');
    else if (path === '/readyz') {
      void fault().then((reason) => answer(reason === null ? 200 : 503, `${reason ?? 'ok'}\n`));
    } else if (path === '/metrics') answer(200, metrics(), PROMETHEUS_TEXT_TYPE);
    else answer(404, 'There is /livez, /readyz and /metrics.\n');
  };
}
