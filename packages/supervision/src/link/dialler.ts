import { connect, type Socket } from 'node:net';
import { messageOf, type Timer } from '@millrace/core';
import { splitAddress } from './address.ts';
import type { LinkDependencies, LinkOptions } from './client.ts';
import { createLineReader, encodeLine, MAX_LINE_BYTES, parseObject } from './lines.ts';
import { signHello } from './mac.ts';
import { type FromSupervisor, fromSupervisorSchema, LINK_VERSION, type ToSupervisor } from './messages.ts';
import { retryDelayMs } from './retry-delay.ts';

/** From the dial to the welcome; a supervisor that is frozen accepts and never answers. */
const HANDSHAKE_MS = 2_000;
/** A supervisor pulses every second: five missing, and the link is dead whatever TCP believes. */
const SILENCE_MS = 5_000;
/** More unsent bytes than this mean the other end reads no more. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** How long `close` lets sent messages flush. */
const FLUSH_MS = 500;

/** An exit as it is said. */
export type ToldExit = Extract<ToSupervisor, { type: 'exit' }>;

export interface DiallerOptions extends LinkOptions {
  readonly address: string;
  /** Exits to tell at every welcome. */
  readonly backlog: () => readonly ToldExit[];
  /** A connection ended, or none came about; the next dial is to come. */
  readonly onDown?: () => void;
}

/** Keeps one link to one supervisor. */
export interface Dialler {
  readonly linked: boolean;
  open(): void;
  close(): Promise<void>;
  send(message: ToSupervisor): void;
}

/** The line of a message; an exit gives up its oldest stderr lines rather than not being told. */
function lineOf(message: ToSupervisor): string {
  if (message.type !== 'exit') return encodeLine(message);
  let { stderrTail } = message;
  while (stderrTail.length > 0 && JSON.stringify({ ...message, stderrTail }).length * 3 > MAX_LINE_BYTES) {
    stderrTail = stderrTail.slice(1);
  }
  return encodeLine({ ...message, stderrTail });
}

/**
 * The states of one link: closed → dialling → greeted (our hello is out) → linked → waiting (for the next
 * dial) → dialling …; `close` leads to closed from everywhere, for good.
 */
export function createDialler(options: DiallerOptions, { clock, log }: LinkDependencies): Dialler {
  let state: 'closed' | 'dialling' | 'greeted' | 'linked' | 'waiting' = 'closed';
  let socket: Socket | undefined;
  let failures = 0;
  let complained = false;
  let retry: Timer | undefined;
  let deadline: Timer | undefined;

  const expectWithin = (ms: number) => {
    deadline?.cancel();
    const watched = socket;
    deadline = clock.after(ms, () => watched?.destroy(new Error(`silent for ${ms} ms`)));
  };

  function dial(): void {
    state = 'dialling';
    const own = connect({ ...splitAddress(options.address), noDelay: true, keepAlive: true });
    const reader = createLineReader();
    socket = own;
    expectWithin(HANDSHAKE_MS);
    own.on('data', (chunk) => {
      try {
        for (const line of reader.push(chunk)) if (socket === own) onLine(line);
      } catch (error) {
        own.destroy(error instanceof Error ? error : new Error(messageOf(error)));
      }
    });
    own.on('error', (error) => complain(messageOf(error)));
    own.on('close', () => socket === own && onClosed());
  }

  function complain(reason: string): void {
    if (complained || state === 'closed') return;
    complained = true;
    log.warn({ supervisor: options.address, reason }, 'No link to this supervisor; dialling on');
  }

  function onClosed(): void {
    deadline?.cancel();
    socket = undefined;
    if (state === 'closed') return;
    failures = state === 'linked' ? 0 : failures + 1;
    state = 'waiting';
    retry = clock.after(retryDelayMs(failures, Math.random()), dial);
    options.onDown?.();
  }

  function onLine(line: string): void {
    const object = parseObject(line);
    if (!object) throw new Error('the other end does not speak the link protocol');
    const parsed = fromSupervisorSchema.safeParse(object);
    if (parsed.success) onMessage(parsed.data);
  }

  function onMessage(message: FromSupervisor): void {
    if (state === 'linked') expectWithin(SILENCE_MS);
    switch (message.type) {
      case 'challenge':
        if (state === 'dialling') greet(message.nonce);
        return;
      case 'welcome':
        if (state === 'greeted') onWelcome(message.supervisor, message.beatMs);
        return;
      case 'refused':
        return void socket?.destroy(new Error(`refused: ${message.reason}`));
      case 'drain':
      case 'kill':
      case 'fenced':
      case 'recovered':
      case 'warm':
        // An order from someone who has not even welcomed us is no order.
        if (state === 'linked') options.onOrder(message);
        return;
      case 'pulse':
      case 'bye':
        return;
      default:
        message satisfies never;
    }
  }

  function greet(nonce: string): void {
    state = 'greeted';
    const hello = { type: 'hello', version: LINK_VERSION, ...options.hello() };
    write(encodeLine(signHello(options.key, nonce, hello)));
  }

  function onWelcome(supervisor: string, beatMs: number): void {
    state = 'linked';
    failures = 0;
    complained = false;
    expectWithin(SILENCE_MS);
    log.debug({ supervisor, address: options.address }, 'Linked');
    for (const exit of options.backlog()) write(lineOf(exit));
    options.onWelcome?.(supervisor, beatMs);
  }

  function write(line: string): void {
    if (!socket?.writable) return;
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy(new Error('the supervisor reads no more'));
    else socket.write(line);
  }

  return {
    get linked() {
      return state === 'linked';
    },
    open() {
      if (state === 'closed') dial();
    },
    async close() {
      const last = socket;
      const wasLinked = state === 'linked';
      state = 'closed';
      retry?.cancel();
      deadline?.cancel();
      if (!last || last.closed) return;
      const closed = new Promise<void>((resolve) => last.once('close', () => resolve()));
      if (wasLinked) last.end();
      else last.destroy();
      const timeout = clock.after(FLUSH_MS, () => last.destroy());
      await closed;
      timeout.cancel();
    },
    send(message) {
      if (state === 'linked') write(lineOf(message));
    },
  };
}
