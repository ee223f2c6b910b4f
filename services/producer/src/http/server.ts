import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, type Lifecycle, lifecycle, MillraceError, messageOf } from '@millrace/core';
import { problemOf } from './problem.ts';

const HEADERS_MS = 10_000;
const KEEP_ALIVE_MS = 65_000;
const PROBE_AFTER_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly listener: RequestListener;
  readonly clock: Clock;
  /** How long the port stays open at the end, for requests that are on their way while answers say goodbye, ms. */
  readonly farewellMs: number;
  /** How long requests under way may take after that, ms. */
  readonly drainMs: number;
}

/** A listening server; `stop` lets the requests under way finish. */
export interface HttpServer extends Lifecycle {
  readonly port: number;
}

const UNREADABLE: Readonly<Record<string, string>> = {
  HPE_INVALID_EOF_STATE: 'The request broke off before its end.',
  HPE_HEADER_OVERFLOW: `The header is over the limit of ${MAX_HEADER_BYTES} bytes.`,
  ERR_HTTP_REQUEST_TIMEOUT: `The header was not here after ${HEADERS_MS / 1000} s.`,
};

/** Answers what is no HTTP: there is no request to answer, only a socket. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const told = new MillraceError('malformed', UNREADABLE[error.code ?? ''] ?? 'This is not HTTP/1.1.');
  const body = JSON.stringify(problemOf(told));
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const text = `Cannot listen on ${host}:${port}: ${messageOf(cause)}`;
      reject(new MillraceError('start_failed', text, { cause }));
    });
    server.listen({ host, port }, resolve);
  });
}

/** Closes the port at once, connections as they fall idle, and after `drainMs` whatever is left. */
function close(server: Server, clock: Clock, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(drainMs, () => server.closeAllConnections());
    server.close(() => {
      timer.cancel();
      resolve();
    });
  });
}

/** A connection whose last answer goes out after the port was closed would otherwise be kept for the next request. */
function closeWhenIdle(server: Server): void {
  server.on('request', (_request, response) => {
    response.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  });
}

/** `start` throws `start_failed` when the port cannot be had. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { host, port, listener, clock, farewellMs, drainMs } = options;
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    // A stream of jobs has no end; other bodies have a limit of their own (readBody).
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    connectionsCheckingInterval: 1_000,
    noDelay: true,
  });
  closeWhenIdle(server);
  server.on('request', listener);
  // The listener says itself when it wants the body: whoever is refused does not send it in vain.
  server.on('checkContinue', listener);
  server.on('clientError', (error, socket) => answerUnreadable(error, socket as Socket));
  return {
    ...lifecycle(
      () => listen(server, host, port),
      async () => {
        if (!server.listening) return;
        if (farewellMs > 0) await clock.sleep(farewellMs);
        await close(server, clock, drainMs);
      },
    ),
    get port() {
      return (server.address() as AddressInfo | null)?.port ?? port;
    },
  };
}
