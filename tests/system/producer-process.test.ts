import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { serviceMain } from '../support/service-main.ts';
import { testStore, uniquePrefix } from '../support/store.ts';
import { freePort } from '../support/store-setup.ts';

const MAIN = await serviceMain('producer');
const HANDLERS = fileURLToPath(new URL('../fixtures/sums', import.meta.url));

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Run {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
}

/** Starts the producer as its launcher does; `yaml` goes into the file of MILLRACE_CONFIG. */
async function start(yaml: string, env: Record<string, string> = {}): Promise<Run> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-producer-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'config.yaml');
  await writeFile(file, yaml);
  const child = fork(MAIN, [], {
    env: { PATH: process.env.PATH, MILLRACE_CONFIG: file, MILLRACE_HANDLERS: HANDLERS, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const silent = once(child.stderr as Readable, 'close');
  const exit = once(child, 'exit').then(async ([code, signal]) => {
    await silent;
    return { code, signal };
  });
  cleanups.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exit;
  });
  return { child, stderr: () => stderr, exit };
}

async function ready(run: Run): Promise<{ http: number; health: number }> {
  const message = once(run.child, 'message').then(([told]) => told as { type: string; ports: never });
  const ended = run.exit.then(({ code }) => {
    throw new Error(`it ended with ${code}: ${run.stderr()}`);
  });
  const told = await Promise.race([message, ended]);
  expect(told.type).toBe('ready');
  return told.ports;
}

const config = (prefix: string, port = 0) =>
  `redis: {url: "${testStore().productUrl}", prefix: ${prefix}}\nhttp: {port: ${port}, healthPort: 0}\nqueues: {work: {}}\nlog: {level: warn}\n`;

describe('a start that cannot be', () => {
  async function refusal(yaml: string, env?: Record<string, string>): Promise<string> {
    const run = await start(yaml, env);
    expect((await run.exit).code).toBe(1);
    return run.stderr();
  }

  test('is one clear sentence and exit code 1', { timeout: 60_000 }, async () => {
    const prefix = uniquePrefix();
    const open = `http: {host: 0.0.0.0, port: 0, healthPort: 0}\nredis: {prefix: ${prefix}}`;
    expect(await refusal(open)).toMatch(
      /^millrace producer: http.host is "0.0.0.0".*MILLRACE_TOKENS_FILE.*\n$/,
    );
    expect(await refusal(config(prefix), { MILLRACE_TOKENS_FILE: '/nowhere/tokens' })).toMatch(
      /^millrace producer: The file of MILLRACE_TOKENS_FILE cannot be read: .*\n$/,
    );
    expect(await refusal(config(prefix), { MILLRACE_HANDLERS: '/nowhere' })).toMatch(/handlers in \/nowhere/);
    expect(await refusal(config(prefix), { MILLRACE_CONFIG: '/nowhere/config.yaml' })).toMatch(
      /MILLRACE_CONFIG/,
    );
    expect(await refusal('htp: {}')).toMatch(/did you mean "http"\?/);

    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    expect(await refusal(config(prefix, port))).toMatch(`Cannot listen on 127.0.0.1:${port}`);
    other.close();
  });

  test('does not wait for the store: it serves, and says that it is not ready', {
    timeout: 60_000,
  }, async () => {
    const away = `redis: {url: "redis://127.0.0.1:${await freePort()}"}\nhttp: {port: 0, healthPort: 0}\nlog: {level: silent}`;
    const ports = await ready(await start(away));
    expect((await fetch(`http://127.0.0.1:${ports.health}/readyz`)).status).toBe(503);
    expect((await fetch(`http://127.0.0.1:${ports.http}/v1/queues`)).status).toBe(503);
  });
});

/** Clients that hand in numbered jobs until told to stop; an add whose answer is lost is repeated with its key. */
function load(url: () => string, clients: number) {
  const accepted: string[] = [];
  const statuses = new Map<number, number>();
  let stopped = false;
  const client = async (name: number) => {
    for (let n = 0; !stopped; n++) {
      const data = `${name}-${n}`;
      for (let settled = false; !settled && !stopped; ) {
        try {
          const { status } = await fetch(`${url()}/v1/queues/work/jobs`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'idempotency-key': data },
            body: JSON.stringify({ name: 'job', data }),
          });
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          settled = status === 202;
          if (settled) accepted.push(data);
        } catch {
          // Refused or cut: nobody knows, and the key makes a repeat safe.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    }
  };
  const running = Promise.all(Array.from({ length: clients }, (_, name) => client(name)));
  return {
    accepted,
    statuses,
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

/** How often each job's data is in the queue. */
async function stored(bench: QueueBench): Promise<Map<unknown, number>> {
  const found = new Map<unknown, number>();
  const queue = (await bench.store()).queue('work');
  for (let cursor: string | null = '0'; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof queue.jobs>> = await queue.jobs('waiting', cursor, 1_000);
    for (const { data } of page.jobs) found.set(data, (found.get(data) ?? 0) + 1);
    cursor = page.cursor;
  }
  return found;
}

describe('under load', () => {
  async function opened() {
    const prefix = uniquePrefix();
    const bench = queueBench();
    cleanups.push(() => bench.close());
    Object.assign(bench.config.redis, { prefix });
    const port = await freePort();
    const run = await start(config(prefix, port));
    await ready(run);
    return { bench, run, prefix, port, clients: load(() => `http://127.0.0.1:${port}`, 8) };
  }

  test('SIGKILL, and a new start: every accepted job is there, once', { timeout: 60_000 }, async () => {
    const { bench, run, prefix, port, clients } = await opened();
    await until(() => clients.accepted.length > 300, 'load');
    run.child.kill('SIGKILL');
    expect((await run.exit).signal).toBe('SIGKILL');
    await ready(await start(config(prefix, port)));
    const back = clients.accepted.length;
    await until(() => clients.accepted.length > back + 300, 'adds go on');
    await clients.stop();
    const found = await stored(bench);
    expect(clients.accepted.filter((data) => found.get(data) !== 1)).toEqual([]);
    expect([...found.values()].every((times) => times === 1)).toBe(true);
    expect([...clients.statuses.keys()]).toEqual([202]);
  });

  test.each(['SIGTERM', 'SIGINT', 'disconnect'] as const)(
    '%s: what is under way is answered, then it exits 0',
    { timeout: 60_000 },
    async (how) => {
      const { bench, run, clients } = await opened();
      await until(() => clients.accepted.length > 100, 'load');
      if (how === 'disconnect') run.child.disconnect();
      else run.child.kill(how);
      expect(await run.exit).toEqual({ code: 0, signal: null });
      await clients.stop();
      const found = await stored(bench);
      expect(clients.accepted.filter((data) => found.get(data) !== 1)).toEqual([]);
      expect([...clients.statuses.keys()]).toEqual([202]);
    },
  );
});
