import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';

/**
 * For tests of broken servers: `serve` starts one that answers as told, which is what no Millrace does, or does
 * only when it breaks. All end with the test, through vitest's `afterEach`.
 */
export function faultyServers(afterEach: (fn: () => void) => void): {
  serve(listener: RequestListener, options?: { readonly uninvited?: RequestListener }): Promise<URL>;
  closeAll(): void;
} {
  const servers: Server[] = [];
  const closeAll = () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  };
  afterEach(closeAll);
  return {
    closeAll,
    async serve(listener, { uninvited } = {}) {
      const server = createServer(listener).listen(0, '127.0.0.1');
      // Without this listener, Node invites every body by itself.
      if (uninvited) server.on('checkContinue', uninvited);
      servers.push(server);
      await once(server, 'listening');
      return new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
    },
  };
}
