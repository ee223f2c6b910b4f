import { createServer, type Server, type ServerResponse } from 'node:http';
import { type Lifecycle, type Log, lifecycle, MillraceError, messageOf } from '@millrace/core';
import { PROMETHEUS_TEXT_TYPE } from '@millrace/telemetry';

/** What the routes answer from. An empty list of faults is a 200. */
export interface HealthSource {
  /** Why the pod should be killed and begun anew. */
  livenessFaults(): readonly string[];
  /** Why the pod is not to be counted on. */
  readinessFaults(): readonly string[];
  metrics(): string;
}

export interface HealthServer extends Lifecycle {
  /** The real port once started. */
  readonly port: number;
}

function answer(response: ServerResponse, faults: readonly string[]): void {
  response
    .writeHead(faults.length === 0 ? 200 : 503, { 'content-type': 'application/json' })
    .end(JSON.stringify({ ok: faults.length === 0, faults }));
}

function route(path: string | undefined, source: HealthSource, response: ServerResponse): void {
  if (path === '/livez') {
    answer(response, source.livenessFaults());
  } else if (path === '/readyz') {
    answer(response, source.readinessFaults());
  } else if (path === '/metrics') {
    response.writeHead(200, { 'content-type': PROMETHEUS_TEXT_TYPE }).end(source.metrics());
  } else {
    response.writeHead(404).end();
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Serves /livez, /readyz and /metrics. A second pod on one machine finds the port taken and uses a free one,
 * since a pod's work must not hang on its scrape port. `start` throws `start_failed` for anything else.
 */
export function createHealthServer(
  { host, port }: { readonly host: string; readonly port: number },
  source: HealthSource,
  log: Log,
): HealthServer {
  const server = createServer((request, response) => route(request.url?.split('?')[0], source, response));
  const open = async () => {
    try {
      await listen(server, host, port);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
        throw new MillraceError('start_failed', `Cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
          cause,
        });
      }
      await listen(server, host, 0);
      log.warn({ taken: port, used: portOf(server) }, 'The health port is taken; using a free one');
    }
  };
  const close = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    ...lifecycle(open, close),
    get port() {
      return portOf(server) ?? port;
    },
  };
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' ? address?.port : undefined;
}
