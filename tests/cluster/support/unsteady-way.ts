import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can fall silent, as a server that is stopped does, or break, as one that dies. */
export interface UnsteadyWay {
  readonly port: number;
  /** What is sent goes nowhere; connections stay. */
  freeze(): void;
  /** What was held back goes on. */
  thaw(): void;
  /** Ends every connection with a reset, and refuses new ones until `thaw`. */
  cut(): void;
  close(): void;
}

/** Listens on loopback and passes everything on to `host:port`. */
export async function unsteadyWay(host: string, port: number): Promise<UnsteadyWay> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'frozen' | 'cut' = 'open';
  const server = createServer((near) => {
    const far = connect(port, host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      if (state === 'frozen') socket.pause();
    }
    if (state === 'cut') {
      near.resetAndDestroy();
      far.destroy();
      return;
    }
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => near.write(chunk));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    if (state === 'frozen') for (const socket of [near, far]) socket.pause();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    freeze() {
      state = 'frozen';
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      state = 'open';
      for (const socket of sockets) socket.resume();
    },
    cut() {
      state = 'cut';
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
