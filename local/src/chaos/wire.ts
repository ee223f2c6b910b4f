import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Lifecycle, lifecycle } from '@millrace/core';

/** What a connection said first, as text: who it is (a start id in a link's hello, a store connection's name). */
type Head = string;

/** Which connections a fault hits; `''` in the head is hit by everybody. */
export type Hits = (head: Head) => boolean;

/** Which way a held connection carries nothing: from the one who dialled, back to it, or both. */
export type Direction = 'up' | 'down' | 'both';

/**
 * A TCP proxy between those who dial and one target: the place where resets, stalls and black holes are made.
 * It passes bytes on as they are, and knows a connection by what it said first.
 */
export interface Wire extends Lifecycle {
  readonly port: number;
  /** Where to; connections made before it is known are refused. */
  target: { readonly host: string; readonly port: number } | null;
  /** Connections that are open now. */
  open(): number;
  /** Resets (RST to both ends) what is open; how many. */
  reset(hits: Hits): number;
  /**
   * Holds back every byte of what is open and of what is dialled from now on, as a network that drops all packets
   * does: nobody is told, and after the release all arrives. Returns the release; releasing twice is fine.
   */
  hold(hits: Hits, direction?: Direction): () => void;
  /** Hears, as text, what those who dial say, before it is passed on: a hold begun then holds that too. Returns the end. */
  listen(listener: (said: string) => void): () => void;
}

/** Enough to know who dialled. */
const HEAD_BYTES = 4_096;

interface Connection {
  readonly up: Socket;
  readonly down: Socket;
  head: Head;
  /** What named it while that name was held: passed on first, after the release. */
  readonly kept: Buffer[];
  /** Ends that came while it was held: passed on with the rest, after the release. */
  readonly unheard: Set<'up' | 'down' | 'reset'>;
}

interface Hold {
  readonly hits: Hits;
  readonly direction: Direction;
}

/** A wire on a free loopback port. */
export function createWire(): Wire {
  const connections = new Set<Connection>();
  const holds = new Set<Hold>();
  const listeners = new Set<(said: string) => void>();
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  let target: Wire['target'] = null;
  let port = 0;

  function isHeld({ head }: Connection, way: 'up' | 'down'): boolean {
    return [...holds].some(
      (hold) => (hold.direction === 'both' || hold.direction === way) && hold.hits(head),
    );
  }

  /** Lets flow what may, and passes on the ends that were held back. */
  function regulate(connection: Connection): void {
    const { up, down, unheard } = connection;
    for (const way of ['up', 'down'] as const) {
      const [from, to] = way === 'up' ? [down, up] : [up, down];
      if (isHeld(connection, way)) from.pause();
      else {
        if (way === 'up') for (const chunk of connection.kept.splice(0)) up.write(chunk);
        from.resume();
        if (unheard.delete(way)) to.end();
        if (unheard.has('reset')) end(connection, 'reset');
      }
    }
  }

  function end(connection: Connection, how: 'end' | 'reset'): void {
    connections.delete(connection);
    for (const socket of [connection.up, connection.down]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  function accept(down: Socket): void {
    down.on('error', () => undefined);
    if (target === null) return void down.destroy();
    const up = connect({ ...target, allowHalfOpen: true, noDelay: true });
    const connection: Connection = { up, down, head: '', kept: [], unheard: new Set() };
    connections.add(connection);
    down.on('data', (chunk: Buffer) => {
      if (connection.head.length < HEAD_BYTES) {
        connection.head += chunk.toString('latin1');
        regulate(connection);
      }
      for (const listener of listeners) listener(chunk.toString('latin1'));
      if (isHeld(connection, 'up')) connection.kept.push(chunk);
      else if (!up.write(chunk)) down.pause();
    });
    up.on('data', (chunk: Buffer) => {
      if (!down.write(chunk)) up.pause();
    });
    up.on('drain', () => regulate(connection));
    down.on('drain', () => regulate(connection));
    const ended = (what: 'up' | 'down' | 'reset') => {
      connection.unheard.add(what);
      regulate(connection);
    };
    down.on('end', () => ended('up'));
    up.on('end', () => ended('down'));
    for (const socket of [up, down]) {
      socket.on('error', () => ended('reset'));
      socket.on('close', () => {
        if (up.destroyed && down.destroyed) connections.delete(connection);
      });
    }
    regulate(connection);
  }

  const life = lifecycle(
    async () => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as { port: number }).port;
    },
    async () => {
      for (const connection of [...connections]) end(connection, 'end');
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  );

  return {
    ...life,
    get port() {
      return port;
    },
    get target() {
      return target;
    },
    set target(to) {
      target = to;
    },
    open: () => connections.size,
    reset(hits) {
      const hit = [...connections].filter(({ head }) => hits(head));
      for (const connection of hit) end(connection, 'reset');
      return hit.length;
    },
    hold(hits, direction = 'both') {
      const hold = { hits, direction };
      holds.add(hold);
      for (const connection of connections) regulate(connection);
      return () => {
        if (!holds.delete(hold)) return;
        for (const connection of connections) regulate(connection);
      };
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
