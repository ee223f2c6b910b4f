import type { Socket } from 'node:net';
import { type Clock, type Log, messageOf } from '@millrace/core';
import { createLineReader, encodeLine, parseObject } from './lines.ts';
import { newNonce, verifyHello } from './mac.ts';
import {
  type FromSupervisor,
  type FromWorker,
  fromWorkerSchema,
  type Hello,
  helloSchema,
  LINK_VERSION,
} from './messages.ts';
import type { LinkServerOptions } from './server.ts';

/** From the connection to a valid hello; longer is not one of ours, or half-open. */
const HELLO_MS = 2_000;
const MAX_UNSENT_BYTES = 1024 * 1024;
const FLUSH_MS = 500;

export interface SessionDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly onHello: (hello: Hello) => void;
  readonly onMessage: (id: string, message: FromWorker) => void;
  /** `id` is null when there was no valid hello. */
  readonly onClose: (id: string | null) => void;
}

/** One connection on the supervisor's side. */
export interface Session {
  send(message: FromSupervisor): void;
  /** Says bye, flushes and closes. */
  bye(): void;
  destroy(): void;
}

/** Challenges a new connection and serves it until it closes. Nothing of it counts before a valid hello. */
export function createSession(
  socket: Socket,
  options: LinkServerOptions,
  { clock, log, ...on }: SessionDependencies,
): Session {
  const nonce = newNonce();
  const reader = createLineReader();
  const deadline = clock.after(HELLO_MS, () => socket.destroy());
  let id: string | null = null;

  let refused = false;

  function refuse(reason: string): void {
    if (refused) return;
    refused = true;
    log.warn({ reason, peer: socket.remoteAddress }, 'Refused a link');
    send({ type: 'refused', reason });
    end();
  }

  /** What the other end still says is read and ignored meanwhile: a reset would swallow our last words. */
  function end(): void {
    socket.end();
    const timeout = clock.after(FLUSH_MS, () => socket.destroy());
    socket.once('close', () => timeout.cancel());
  }

  function greet(line: string): void {
    const hello = helloSchema.safeParse(parseObject(line));
    if (!hello.success) {
      refuse(`not a hello of protocol version ${LINK_VERSION}: ${hello.error.issues[0]?.message}`);
    } else if (!verifyHello(options.key, nonce, line)) {
      refuse('the hello is not signed with our key');
    } else {
      deadline.cancel();
      id = hello.data.id;
      send({ type: 'welcome', supervisor: options.supervisor, beatMs: options.beatMs });
      on.onHello(hello.data);
    }
  }

  function onMessage(worker: string, line: string): void {
    const object = parseObject(line);
    if (!object) throw new Error('not a JSON object');
    const message = fromWorkerSchema.safeParse(object);
    if (message.success) on.onMessage(worker, message.data);
    else log.debug({ worker, type: object.type }, 'Skipped a link message that is not understood');
  }

  function send(message: FromSupervisor): void {
    if (!socket.writable) return;
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy();
    else socket.write(encodeLine(message));
  }

  socket.on('data', (chunk) => {
    if (refused) return;
    try {
      for (const line of reader.push(chunk)) {
        if (refused) return;
        if (id === null) greet(line);
        else onMessage(id, line);
      }
    } catch (error) {
      refuse(messageOf(error));
    }
  });
  // The other end's FIN is the end: nothing can be ordered of a process that is gone. 'close' follows an error.
  socket.on('end', () => socket.destroy());
  socket.on('error', () => undefined);
  socket.on('close', () => {
    deadline.cancel();
    on.onClose(id);
  });
  send({ type: 'challenge', nonce });

  return {
    send,
    bye() {
      send({ type: 'bye', reason: 'the supervisor ends' });
      end();
    },
    destroy: () => socket.destroy(),
  };
}
