import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, type Lifecycle, type Log, lifecycle, MillraceError, messageOf } from '@millrace/core';
import type { LinkKey } from './keys.ts';
import type { FromWorker, Hello, Order } from './messages.ts';
import { createSession, type Session } from './session.ts';

export interface LinkServerOptions {
  readonly host: string;
  /** 0 takes a free one; `port` of the server tells which. */
  readonly port: number;
  /** Null only on a loopback host. */
  readonly key: LinkKey;
  /** This supervisor's id, told in the welcome. */
  readonly supervisor: string;
  /** How often workers shall beat. */
  readonly beatMs: number;
}

export interface LinkServerDependencies {
  /** A worker or pod is linked; a start that was linked already has replaced its older connection. */
  readonly onHello: (hello: Hello) => void;
  readonly onMessage: (id: string, message: FromWorker) => void;
  /** Its link closed. Not called for a connection that a newer one of the same start replaced. */
  readonly onClose: (id: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The supervisor's end of all links. */
export interface LinkServer extends Lifecycle {
  readonly port: number;
  /** Whether that worker start or pod is linked now. */
  isLinked(id: string): boolean;
  /** False when there is no link to `id`: the order went nowhere. */
  order(id: string, order: Order): boolean;
}

const PULSE_MS = 1_000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

function listen(server: Server, { host, port }: LinkServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new MillraceError('start_failed', `Cannot listen for links on ${host}:${port}: ${messageOf(cause)}`, {
          cause,
        }),
      ),
    );
    server.listen({ host, port }, resolve);
  });
}

/** Listens for worker processes and pod supervisors. `start` throws `config_invalid` or `start_failed`. */
export function createLinkServer(
  options: LinkServerOptions,
  dependencies: LinkServerDependencies,
): LinkServer {
  const { clock, log } = dependencies;
  const sessions = new Set<Session>();
  const byId = new Map<string, Session>();
  const server = createServer({ noDelay: true, keepAlive: true }, accept);
  let pulse: { cancel(): void } | undefined;

  function accept(socket: Socket): void {
    const session = createSession(socket, options, {
      clock,
      log,
      onHello(hello) {
        const older = byId.get(hello.id);
        byId.set(hello.id, session);
        older?.destroy();
        dependencies.onHello(hello);
      },
      onMessage: (id, message) => byId.get(id) === session && dependencies.onMessage(id, message),
      onClose(id) {
        sessions.delete(session);
        if (id === null || byId.get(id) !== session) return;
        byId.delete(id);
        dependencies.onClose(id);
      },
    });
    sessions.add(session);
  }

  const { start, stop } = lifecycle(
    async () => {
      if (options.key === null && !LOOPBACK.test(options.host)) {
        throw new MillraceError(
          'config_invalid',
          `Links beyond this machine (${options.host}) need a key: set MILLRACE_LINK_KEY_FILE.`,
        );
      }
      await listen(server, options);
      pulse = clock.every(PULSE_MS, () => {
        for (const session of byId.values()) session.send({ type: 'pulse' });
      });
    },
    async () => {
      pulse?.cancel();
      // Our own end is no news of theirs: no onClose for links that we close.
      byId.clear();
      const closed = new Promise<void>((resolve) =>
        server.listening ? server.close(() => resolve()) : resolve(),
      );
      for (const session of sessions) session.bye();
      await closed;
    },
  );

  return {
    start,
    stop,
    get port() {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : options.port;
    },
    isLinked: (id) => byId.has(id),
    order(id, order) {
      const session = byId.get(id);
      session?.send(order);
      return session !== undefined;
    },
  };
}
