import { type Clock, type Lifecycle, type Log, lifecycle } from '@millrace/core';
import { createDialler, type Dialler, type ToldExit } from './dialler.ts';
import type { Order, PodHello, ToSupervisor, WorkerHello } from './messages.ts';

/** Exits kept for replay; older ones are long certified. */
const KEPT_EXITS = 256;

/** What a link needs to know; `addresses` are `host:port` of every supervisor. */
export interface LinkOptions {
  readonly addresses: readonly string[];
  /** The shared key of the hello's HMAC; null for a loopback without one. */
  readonly key: string | null;
  /** Asked for at every connection, so that it tells the state of that moment. */
  readonly hello: () => WorkerHello | PodHello;
  readonly onOrder: (order: Order) => void;
  readonly onWelcome?: (supervisor: string, beatMs: number) => void;
}

export interface LinkDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

/** The worker's end of its links. */
export interface Link extends Lifecycle {
  /**
   * Tells every supervisor that is connected now. Nothing waits for one that is not, but `exit`: that is the
   * strongest evidence there is, so each supervisor gets it at its next welcome (again, if it had it before).
   */
  send(message: ToSupervisor): void;
  /** How many supervisors have welcomed us and are still connected. */
  readonly connected: number;
}

/**
 * Links a worker process or a pod supervisor to every supervisor. `start` begins to dial and does not wait: a
 * supervisor may come later. `stop` flushes what was sent and closes; send `bye` before it when the end is meant.
 */
export function createLink(options: LinkOptions, dependencies: LinkDependencies): Link {
  const exits: ToldExit[] = [];
  const diallers: Dialler[] = options.addresses.map((address) =>
    createDialler({ ...options, address, backlog: () => exits }, dependencies),
  );
  const { start, stop } = lifecycle(
    async () => {
      for (const dialler of diallers) dialler.open();
    },
    async () => {
      await Promise.all(diallers.map((dialler) => dialler.close()));
    },
  );
  return {
    start,
    stop,
    send(message) {
      if (message.type === 'exit') {
        exits.push(message);
        if (exits.length > KEPT_EXITS) exits.shift();
      }
      for (const dialler of diallers) dialler.send(message);
    },
    get connected() {
      return diallers.filter((dialler) => dialler.linked).length;
    },
  };
}
