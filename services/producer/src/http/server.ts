import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, type Lifecycle, lifecycle, MillraceError, messageOf } from '@millrace/core';
import { problemOf } from './problem.ts';

const KEEP_ALIVE_MS = 65_000;
const PROBE_AFTER_MS = 30_000;
/** How late a header's limit may be noticed. */
const CHECK_MS = 500;
const MAX_HEADER_BYTES = 16 * 1024;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly listener: RequestListener;
  readonly clock: Clock;
  /** A request whose headers are not here by then is refused, ms. */
  readonly headersMs: number;
  /** Connections at once; further ones are closed as they come. */
  readonly maxConnections: number;
  /** A connection was closed for being one too many. */
  readonly onDropped: () => void;
  /** How long requests under way may take after the port was closed, ms. */
  readonly drainMs: number;
}

/** A listening server; `stop` lets the requests under way finish. */
export interface HttpServer extends Lifecycle {
  readonly port: number;
  readonly isListening: boolean;
}

const unreadable = (code: string | undefined, headersMs: number): string => {
  switch (code) {
    case 'HPE_INVALID_EOF_STATE':
      return 'The request broke off before its end.';
    case 'HPE_HEADER_OVERFLOW':
      return `The header is over the limit of ${MAX_HEADER_BYTES} bytes.`;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return `The header was not here after ${headersMs / 1000} s.`;
    default:
      return 'This is not HTTP/1.1.';
  }
};

/** Answers what is no HTTP: there is no request to answer, only a socket. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket, headersMs: number): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const told = new MillraceError('malformed', unreadable(error.code, headersMs));
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
  const { host, port, listener, clock, headersMs, drainMs } = options;
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: headersMs,
    // A stream of jobs has no end; other bodies have a limit of their own (readBody).
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    connectionsCheckingInterval: CHECK_MS,
    noDelay: true,
  });
  server.maxConnections = options.maxConnections;
  server.on('drop', options.onDropped);
  closeWhenIdle(server);
  server.on('request', listener);
  // The listener says itself when it wants the body: whoever is refused does not send it in vain.
  server.on('checkContinue', listener);
  server.on('clientError', (error, socket) => answerUnreadable(error, socket as Socket, headersMs));
  return {
    ...lifecycle(
      () => listen(server, host, port),
      async () => {
        if (server.listening) await close(server, clock, drainMs);
      },
    ),
    get isListening() {
      return server.listening;
    },
    get port() {
      return (server.address() as AddressInfo | null)?.port ?? port;
    },
  };
}
