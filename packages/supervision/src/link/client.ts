import { type Clock, type Lifecycle, type Log, lifecycle } from '@millrace/core';
import { createDialler, type Dialler, type ToldExit } from './dialler.ts';
import { createDirectory, type Lookup, lookupByName } from './directory.ts';
import type { LinkKey } from './keys.ts';
import type { Order, PodHello, ToSupervisor, WorkerHello } from './messages.ts';

/** Exits kept for replay; older ones are long certified. */
const KEPT_EXITS = 256;

/**
 * What a link needs to know; `addresses` are `host:port` of every supervisor. A host that is a name stands for as many as
 * it has addresses: it is looked up every 5 s and whenever a link closes.
 */
export interface LinkOptions {
  readonly addresses: readonly string[];
  /** Of the hello's HMAC. */
  readonly key: LinkKey;
  /** Asked for at every connection, so that it tells the state of that moment. */
  readonly hello: () => WorkerHello | PodHello;
  readonly onOrder: (order: Order) => void;
  readonly onWelcome?: (supervisor: string, beatMs: number) => void;
}

export interface LinkDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Default: as the machine resolves names. */
  readonly lookup?: Lookup;
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
  const diallers = new Map<string, Dialler>();
  const { clock, log, lookup = lookupByName } = dependencies;
  const directory = createDirectory({ addresses: options.addresses, lookup, onAddresses, clock, log });
  let listed: ReadonlySet<string> = new Set();

  /** Who is listed is dialled. Who is not stays as long as its link does: names are late news. */
  function onAddresses(addresses: readonly string[]): void {
    listed = new Set(addresses);
    for (const address of addresses) if (!diallers.has(address)) dial(address);
    dropUnlisted();
  }

  function dial(address: string): void {
    const onDown = () => {
      dropUnlisted();
      directory.look();
    };
    const dialler = createDialler({ ...options, address, backlog: () => exits, onDown }, dependencies);
    diallers.set(address, dialler);
    dialler.open();
  }

  function dropUnlisted(): void {
    for (const [address, dialler] of diallers) {
      if (listed.has(address) || dialler.linked) continue;
      diallers.delete(address);
      void dialler.close();
    }
  }

  const { start, stop } = lifecycle(
    async () => {
      directory.start();
    },
    async () => {
      directory.stop();
      await Promise.all([...diallers.values()].map((dialler) => dialler.close()));
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
      for (const dialler of diallers.values()) dialler.send(message);
    },
    get connected() {
      return [...diallers.values()].filter((dialler) => dialler.linked).length;
    },
  };
}
