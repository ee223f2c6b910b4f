import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { TestProject } from 'vitest/node';
import { findServers, isNewEnough } from '../../local/src/store/find-server.ts';
import { leastAclRules } from '../../packages/queue/src/connection/rights.ts';

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** The store server to test on: the one that TEST_STORE_SERVER names, else the first usable one on the PATH. */
export async function storeServer(): Promise<string> {
  const found = (await findServers(process.env.PATH ?? '')).find(isNewEnough);
  const file = process.env.TEST_STORE_SERVER ?? found?.file;
  if (file === undefined)
    throw new Error('no valkey-server or redis-server on the PATH: npm test installs one');
  return file;
}

/** Starts a store of its own; `args` are further options of its command line. */
export async function startStore(
  args: readonly string[] = [],
): Promise<{ port: number; stop(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-test-store-'));
  const port = await freePort();
  const binary = await storeServer();
  const base = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    dir,
    '--save',
    '',
    '--maxmemory-policy',
    'noeviction',
  ];
  const child = spawn(binary, [...base, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${binary} ended with ${code} before it was ready`)));
    child.stdout.on('data', (chunk: Buffer) => chunk.includes('Ready to accept connections') && resolve());
  });
  return {
    port,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Makes the user that docs/store.md describes, for the prefixes of `uniquePrefix()`; its login as in a URL. */
async function leastUser(port: number): Promise<string> {
  const redis = new Redis(port, '127.0.0.1');
  const rules = leastAclRules('t*', false);
  await redis.call('ACL', 'SETUSER', 'millrace', 'on', '>least', ...rules);
  redis.disconnect();
  return 'millrace:least@';
}

/** Starts one real store for the whole run; tests keep apart by key prefix. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const store = await startStore();
  project.provide('storePort', store.port);
  project.provide('storeLogin', process.env.TEST_STORE_USER === 'least' ? await leastUser(store.port) : '');
  return () => store.stop();
}

declare module 'vitest' {
  export interface ProvidedContext {
    storePort: number;
    storeLogin: string;
  }
}
