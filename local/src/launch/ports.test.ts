import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort, reservePorts } from './ports.ts';

const named = (key: string, port: number) => ({ key, host: '127.0.0.1', port });

it('names a port that is taken, and how to change it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await expect(reservePorts([named('http.port', port)])).rejects.toThrow(
    `Port ${port} (http.port) on 127.0.0.1 is taken: stop what listens there, or write "http: { port: N }" with a free port into a file and give it as --config FILE.`,
  );
  expect(await freePort(port)).not.toBe(port);
  server.close();
});

it('gives each 0 a free port of its own and leaves them free', async () => {
  const ports = await reservePorts([named('a.x', 0), named('a.y', 0), named('a.z', 0)]);
  expect(new Set(ports.values()).size).toBe(3);
  const again = [...ports].map(([key, port]) => named(key, port));
  expect(await reservePorts(again)).toEqual(ports);
});
