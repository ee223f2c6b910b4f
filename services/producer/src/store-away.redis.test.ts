import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';
import { freePort } from '../../../tests/support/store-setup.ts';

const DEADLINE_MS = 500;
let bench: ProducerBench;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const now = () => performance.now();

async function openOn(port: number) {
  bench = await producerBench('', { store: { url: `redis://127.0.0.1:${port}` }, awaitStore: false });
  cleanups.push(() => bench.close());
}

/** Every route that needs the store. */
const ROUTES: [string, string, unknown?, Record<string, string>?][] = [
  ['POST', '/v1/queues/work/jobs', { name: 'x' }],
  ['POST', '/v1/queues/work/jobs', { name: 'x' }, { prefer: 'wait=5' }],
  ['POST', '/v1/queues/work/jobs', { name: 'x' }, { 'idempotency-key': 'k' }],
  ['POST', '/v1/queues/work/jobs', { jobs: [{ name: 'x' }, { name: 'y' }] }],
  ['POST', '/v1/queues/unheard-of/jobs', { name: 'x' }],
  ['GET', '/v1/queues'],
  ['GET', '/v1/queues/work'],
  ['PATCH', '/v1/queues/work', { paused: true }],
  ['GET', '/v1/queues/work/jobs'],
  ['GET', '/v1/queues/work/jobs/1'],
  ['DELETE', '/v1/queues/work/jobs/1'],
  ['POST', '/v1/queues/work/jobs/1/retry'],
  ['PUT', '/v1/queues/work/ledger/me'],
  ['GET', '/v1/workers'],
  ['GET', '/v1/tree'],
  ['GET', '/v1/recoveries'],
  ['POST', '/v1/workers/w/kill'],
];

async function expectAllUnavailable() {
  for (const [method, path, body, headers] of ROUTES) {
    const startedMs = now();
    const reply = await bench.call(method, path, body, headers);
    expect(reply, `${method} ${path}`).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable', retryAfterMs: 1_000 },
    });
    expect(reply.headers.get('retry-after')).toBe('1');
    expect(now() - startedMs, `${method} ${path}`).toBeLessThan(DEADLINE_MS + 500);
  }
}

describe('a store that never was up', () => {
  beforeEach(async () => openOn(await freePort()));

  test('is told on every route within the deadline, and that nothing was done', async () => {
    await expectAllUnavailable();
    const { body } = await bench.post('work', { name: 'x' });
    expect(body).toMatchObject({ sent: false, detail: expect.stringContaining('nothing was done') });
  });

  test('leaves bad input bad, and the process alive but not ready', async () => {
    expect((await bench.post('work', '{')).status).toBe(400);
    expect((await bench.post('sums', { name: 'ad' })).status).toBe(422);
    expect((await fetch(`${bench.healthUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${bench.healthUrl}/readyz`)).status).toBe(503);
    expect((await bench.call('GET', '/openapi.json')).status).toBe(200);
  });

  test('is waited for by a stream within the deadline, then told line by line', async () => {
    const response = await fetch(`${bench.url}/v1/queues/work/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: '{"name":"x"}\n{"name":"y"}\n{"nam',
    });
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({ line: 1, status: 503, code: 'store_unavailable' }),
      expect.objectContaining({ line: 2, status: 503, code: 'store_unavailable' }),
      expect.objectContaining({ line: 3, status: 400 }),
    ]);
  });
});

describe('a store that goes away', () => {
  let store: Awaited<ReturnType<typeof ownStore>>;

  /** With AOF, so that what was acknowledged is there again after a kill. */
  async function ownStore() {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-away-'));
    const port = await freePort();
    let child: ReturnType<typeof spawn> | undefined;
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
    const start = async () => {
      child = spawn('redis-server', [...args, '--appendonly', 'yes', '--appendfsync', 'always'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await new Promise<void>((resolve) => {
        child?.stdout?.on('data', (chunk: Buffer) => chunk.includes('Ready to accept') && resolve());
      });
    };
    const kill = async () => {
      if (child?.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
    cleanups.push(async () => {
      child?.kill('SIGCONT');
      await kill();
      await rm(dir, { recursive: true, force: true });
    });
    return { port, start, kill, signal: (name: NodeJS.Signals) => child?.kill(name) };
  }

  beforeEach(async () => {
    store = await ownStore();
    await store.start();
    await openOn(store.port);
    await until(() => bench.store.connected, 'the store is connected');
  });

  test('killed under load and started again: what was accepted is there, once, and adds go on', {
    timeout: 60_000,
  }, async () => {
    const accepted: string[] = [];
    const statuses = new Set<number>();
    let stop = false;
    const client = async (name: number) => {
      for (let n = 0; !stop; n++) {
        const { status, body } = await bench.post('work', { name: 'x', data: `${name}-${n}` });
        statuses.add(status);
        if (status === 202) accepted.push(`${name}-${n}`);
        else expect(body).toMatchObject({ code: 'store_unavailable' });
      }
    };
    const clients = Array.from({ length: 8 }, (_, n) => client(n));
    await until(() => accepted.length > 200, 'load');
    await store.kill();
    await until(() => statuses.has(503), 'the outage is told');
    await store.start();
    const back = accepted.length;
    await until(() => accepted.length > back + 200, 'adds go on');
    stop = true;
    await Promise.all(clients);
    const found = new Map<unknown, number>();
    for (let cursor: string | null = '0'; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof bench.call>> = await bench.call(
        'GET',
        `/v1/queues/work/jobs?limit=1000&cursor=${cursor}`,
      );
      for (const { data } of page.body.jobs) found.set(data, (found.get(data) ?? 0) + 1);
      cursor = page.body.cursor;
    }
    expect(accepted.filter((data) => found.get(data) !== 1)).toEqual([]);
  });

  test('frozen: a sent add says that its outcome is unknown, and its key tells it later', {
    timeout: 60_000,
  }, async () => {
    store.signal('SIGSTOP');
    const startedMs = now();
    const lost = await bench.post('work', { name: 'x' }, { 'idempotency-key': 'once' });
    expect(lost).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable', sent: true, detail: expect.stringContaining('outcome is unknown') },
    });
    expect(now() - startedMs).toBeLessThan(DEADLINE_MS + 500);
    store.signal('SIGCONT');
    await until(
      async () => (await bench.post('work', { name: 'x' }, { 'idempotency-key': 'once' })).status === 202,
      'it answers again',
    );
    expect((await bench.call('GET', '/v1/queues/work')).body.depth).toBe(1);
  });

  test('the event stream goes on when it is back', { timeout: 60_000 }, async () => {
    const abort = new AbortController();
    const response = await fetch(`${bench.url}/v1/events`, { signal: abort.signal });
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
        text += new TextDecoder().decode(chunk);
    })().catch(() => undefined);
    await until(() => text.includes('event: queues'), 'the first picture');
    await store.kill();
    await until(async () => (await fetch(`${bench.healthUrl}/readyz`)).status === 503, 'the outage is seen');
    await store.start();
    await until(async () => (await bench.post('work', { name: 'x' })).status === 202, 'it is back');
    await until(() => text.includes('"depth":1'), 'the change is told');
    abort.abort();
    await reading;
  });
});
