import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLink, type Link } from './client.ts';
import { openLinkKeys } from './keys.ts';
import type { FromWorker, WorkerHello } from './messages.ts';
import { createLinkServer, type LinkServer } from './server.ts';

const parts = { clock: systemClock, log: silentLog };
const cleanups: (() => Promise<unknown>)[] = [];
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-keys-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await rm(dir, { recursive: true });
});

/** A key file of one end; each pod has its own, and they change at different times. */
async function keyFile(name: string, ...keys: string[]): Promise<string> {
  const file = join(dir, name);
  await writeFile(file, keys.map((key) => `${key}\n`).join(''));
  return file;
}

async function serve(file: string): Promise<{ server: LinkServer; heard: FromWorker[]; closes: string[] }> {
  const heard: FromWorker[] = [];
  const closes: string[] = [];
  const server = createLinkServer(
    { host: '127.0.0.1', port: 0, key: openLinkKeys(file, silentLog), supervisor: 's', beatMs: 50 },
    {
      ...parts,
      onHello: () => undefined,
      onMessage: (_, message) => void heard.push(message),
      onClose: (id) => void closes.push(id),
    },
  );
  cleanups.push(() => server.stop());
  await server.start();
  return { server, heard, closes };
}

function dial({ port }: LinkServer, file: string, id: string): { link: Link; welcomed: Promise<void> } {
  const hello: WorkerHello = {
    ...{ kind: 'worker', id, pod: 'p', slot: 0, pid: 1, host: 'h', queues: ['q'], concurrency: 1 },
    ...{ standby: false, startedAtMs: 1, capabilities: [] },
  };
  const welcome = Promise.withResolvers<void>();
  const link = createLink(
    {
      addresses: [`127.0.0.1:${port}`],
      key: openLinkKeys(file, silentLog),
      hello: () => hello,
      onOrder: () => undefined,
      onWelcome: () => welcome.resolve(),
    },
    parts,
  );
  cleanups.push(() => link.stop());
  return { link, welcomed: welcome.promise };
}

test('a key is changed in three steps while workers come and stay, and the old one is worth nothing then', async () => {
  const { server, closes } = await serve(await keyFile('supervisor', 'old'));
  const join = async (id: string, file: string) => {
    const { link, welcomed } = dial(server, file, id);
    await link.start();
    await welcomed;
  };
  await join('before', await keyFile('worker', 'old'));
  // Of each step the supervisor hears first, or the workers: both orders must do.
  await keyFile('supervisor', 'old', 'new');
  await join('first', await keyFile('worker', 'old'));
  await join('second', await keyFile('worker', 'old', 'new'));
  await join('third', await keyFile('worker', 'new', 'old'));
  await keyFile('supervisor', 'new', 'old');
  await join('fourth', await keyFile('worker', 'old', 'new'));
  await join('fifth', await keyFile('worker', 'new', 'old'));
  await join('sixth', await keyFile('worker', 'new'));
  await keyFile('supervisor', 'new');
  await join('seventh', await keyFile('worker', 'new'));
  const late = dial(server, await keyFile('late', 'old'), 'late');
  await late.link.start();
  await join('eighth', await keyFile('worker', 'new', 'old'));
  expect(late.link.connected).toBe(0);
  expect(server.isLinked('late')).toBe(false);
  expect(closes).toEqual([]);
  expect(server.isLinked('before')).toBe(true);
});

const python = spawnSync('python3', ['--version'], { env: {} }).status === 0;

test.skipIf(!python)('the worker of docs/link-protocol.md joins and beats', async () => {
  const docs = readFileSync(new URL('../../../../docs/link-protocol.md', import.meta.url), 'utf8');
  const program = /```python\n(.*?)```/s.exec(docs)?.[1] ?? '';
  const file = await keyFile('key', '# the newest signs', 'new', 'old');
  const { server, heard } = await serve(file);
  const child = spawn('python3', ['-c', program], {
    env: {
      MILLRACE_LINK_KEY_FILE: file,
      MILLRACE_SUPERVISORS: `127.0.0.1:${server.port}`,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'exit');
  expect(child.exitCode).toBe(0);
  expect(heard.filter(({ type }) => type === 'beat')).toHaveLength(40);
  expect(heard.at(-1)).toEqual({ type: 'bye', reason: 'done' });
});
