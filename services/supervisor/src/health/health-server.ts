import { createServer } from 'node:http';
import { type Lifecycle, lifecycle, MillraceError, messageOf } from '@millrace/core';
import { PROMETHEUS_TEXT_TYPE } from '@millrace/telemetry';

export interface HealthOptions {
  readonly host: string;
  /** 0 takes a free one; `port` of the server tells which. */
  readonly port: number;
  /** Why it is not ready, as sentences; empty means ready. */
  readonly faults: () => readonly string[];
  readonly metrics: () => string;
}

/** `/livez`, `/readyz` and `/metrics`. */
export interface HealthServer extends Lifecycle {
  readonly port: number;
}

/** `start` throws `start_failed` when the port is taken. */
export function createHealthServer({ host, port, faults, metrics }: HealthOptions): HealthServer {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const found = faults();
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    // Alive is whoever answers: a dead store or a lost worker is no reason to restart the supervisor.
    if (path === '/livez') answer(200, 'ok\n');
    else if (path === '/readyz') answer(found.length === 0 ? 200 : 503, `${found.join('\n') || 'ok'}\n`);
    else if (path === '/metrics') answer(200, metrics(), PROMETHEUS_TEXT_TYPE);
    else answer(404, 'There is /livez, /readyz and /metrics.\n');
  });
  const life = lifecycle(
    () =>
      new Promise((resolve, reject) => {
        server.once('error', (cause) => {
          const text = `Cannot listen for health checks on ${host}:${port}: ${messageOf(cause)}`;
          reject(new MillraceError('start_failed', text, { cause }));
        });
        server.listen({ host, port }, resolve);
      }),
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return {
    ...life,
    get port() {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
  };
}
