import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './store-setup.ts';

/** A store with an append-only file, which its test may kill, freeze and start again on the same port. */
export interface OwnStore {
  readonly url: string;
  /** Resolves when it answers. */
  start(): Promise<void>;
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Ends it for good; its files go. */
  close(): Promise<void>;
}

export async function ownStore(): Promise<OwnStore> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-own-store-'));
  const port = await freePort();
  let child: ReturnType<typeof spawn> | undefined;

  async function start(): Promise<void> {
    const persistence = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const server = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...persistence],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    child = server;
    await new Promise<void>((resolve, reject) => {
      server.stdout.on('data', (chunk: Buffer) => chunk.includes('Ready to accept') && resolve());
      server.once('error', reject);
    });
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    signal: (name) => void child?.kill(name),
    async close() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
