import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { parseTokens } from '@millrace/producer';
import { afterEach, describe, expect, it } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';
import { startStore } from '../../../tests/support/store-setup.ts';
import { exampleRecovery } from '../testing/death-examples.ts';
import { exampleTree } from '../testing/examples.ts';
import { runCommand } from '../testing/host.ts';

const ends: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function bench(...args: Parameters<typeof producerBench>): Promise<ProducerBench> {
  const made = await producerBench(...args);
  ends.push(() => made.close());
  return made;
}

const line = (id: number) => `${JSON.stringify({ name: 'job', data: { id } })}\n`;
const lines = (count: number) => Array.from({ length: count }, (_, id) => line(id)).join('');

/** A way to the producer that can be cut: what a network does. */
async function cuttable(port: number): Promise<{ url: string; cut(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  ends.push(async () => {
    cut();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, cut };
}

describe('rights', () => {
  const hashed = (token: string) => createHash('sha256').update(token).digest('hex');
  const line = (id: string, role: string, token: string) =>
    JSON.stringify({ id, role, sha256: hashed(token) });
  const tokens = parseTokens(`${line('dashboard', 'viewer', 'see')}\n${line('ci', 'operator', 'act')}\n`);

  it('come from MILLRACE_TOKEN, and what is missing is said', async () => {
    const { url } = await bench('', { tokens });
    const none = await runCommand(url, ['queues']);
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.err).toContain('Put a valid token into MILLRACE_TOKEN.');
    const viewer = { env: { url, token: 'see' } };
    expect((await runCommand(url, ['queues'], viewer)).code).toBe(0);
    const pause = await runCommand(url, ['pause', 'work'], viewer);
    expect(pause.code).toBe(1);
    expect(pause.err).toContain('a token with a higher role');
    expect((await runCommand(url, ['pause', 'work'], { env: { url, token: 'act' } })).code).toBe(0);
  });

  it('are told of a stream too, before a line has left', async () => {
    const { url, store } = await bench('', { tokens });
    const stdin = new PassThrough();
    stdin.write(lines(10));
    const { code, out } = await runCommand(url, ['enqueue', 'work', '--file', '-', '--json'], { stdin });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ code: 'unauthorized', status: 401 });
    expect((await store.queue('work').snapshot()).depth).toBe(0);
  });
});

describe('status', () => {
  it('is degraded without a supervisor, and shows what the store knows', async () => {
    const { url } = await bench();
    const { code, out } = await runCommand(url, ['status']);
    expect(code).toBe(0);
    expect(out).toMatch(/▲ degraded\n {2}No supervisor/);
    expect(out).toMatch(/supervisor +none/);
  });

  it('is healthy with one, and shows the last deaths', async () => {
    const { url, store } = await bench();
    const nowMs = Date.now();
    const ours = ['work', 'sums'];
    const tree = exampleTree();
    const workers = tree.workers.map((worker) => ({ cpuMs: 1, heapBytes: 1, ...worker, queues: ours }));
    await store.board.publishStatus({ ...tree, workers, atMs: nowMs } as never);
    const evidence = { pid: 1, slot: 0, exitCode: null, exitSignal: 'SIGKILL', evidence: [] };
    const { certificate, ...recovery } = exampleRecovery({ diedAtMs: nowMs - 65_000 });
    const times = { diedAtMs: recovery.diedAtMs, certifiedAtMs: nowMs };
    await store.board.saveRecovery({
      ...recovery,
      certificate: { ...certificate, ...evidence, ...times },
    } as never);
    const { out } = await runCommand(url, ['status']);
    expect(out).toMatch(/^● healthy\n/);
    expect(out).toMatch(/0a1b2c3d +killed +unknown +2 ms/);
  });

  it('is down, with exit code 1, while the store is away', async () => {
    const own = await startStore();
    ends.push(() => own.stop());
    const { url } = await bench('', { store: { url: `redis://127.0.0.1:${own.port}` } });
    await own.stop();
    const { code, out } = await runCommand(url, ['status']);
    expect(code).toBe(1);
    expect(out).toMatch(/^✖ down\n {2}The store does not answer/);
    const enqueue = await runCommand(url, ['enqueue', 'work', 'job', '--json']);
    expect(JSON.parse(enqueue.out)).toMatchObject({ code: 'store_unavailable', status: 503 });
  });
});

describe('a broken connection', () => {
  it('leaves a single job unknown, and says how to find out', async () => {
    const { port, store } = await bench('', {});
    const way = await cuttable(port);
    await store.queue('work').pause();
    const asked = runCommand(way.url, ['enqueue', 'work', 'job', '--wait', '30', '--key', 'k']);
    await until(async () => (await store.queue('work').snapshot()).depth === 1, 'the job is in the queue');
    way.cut();
    const { code, out, err } = await asked;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/The answer was lost after sending.*repeat the command with the same --key k/);
  });

  it('tells up to which line of a stream the results are known', async () => {
    const { port, store } = await bench('http: {port: 0, healthPort: 0}\nqueues: {work: {bound: 7}}\n');
    const way = await cuttable(port);
    const stdin = new PassThrough();
    stdin.write(lines(20));
    const asked = runCommand(way.url, ['enqueue', 'work', '--file', '-'], { stdin });
    await until(async () => (await store.queue('work').snapshot()).depth === 7, 'the queue is full');
    way.cut();
    const { code, out, err } = await asked;
    expect(code).toBe(1);
    const [, accepted] = /^(\d+) accepted, 0 refused, 0 bad lines/.exec(out) ?? [];
    expect(Number(accepted)).toBeLessThanOrEqual(7);
    expect(err).toContain(
      Number(accepted) > 0 ? `The results up to line ${accepted} are known.` : 'No result is known.',
    );
    expect(err).toContain(`Lines ${Number(accepted) + 1} to 20 were sent and may be accepted`);
  });
});

describe('a person at the terminal', () => {
  const seated = { input: true, output: true, errors: true };

  it('is asked before a kill, and nothing happens without a yes', async () => {
    const { url, store } = await bench();
    await store.board.publishStatus({ ...exampleTree(), atMs: Date.now() } as never);
    const commands = store.board.commands(AbortSignal.timeout(20_000))[Symbol.asyncIterator]();
    const told = commands.next();
    for (const [answer, code] of [
      ['\n', 1],
      ['n\n', 1],
      ['y\n', 0],
    ] as const) {
      const stdin = new PassThrough();
      stdin.end(answer);
      const ran = await runCommand(url, ['kill', '8f3a'], { stdin, isInteractive: seated });
      expect(ran.code).toBe(code);
      expect(ran.err).toContain('Kill worker pod-1.8f3a11c2d4e5f607 (12 running jobs)?');
    }
    expect((await told).value).toMatchObject({ kind: 'kill', worker: 'pod-1.8f3a11c2d4e5f607' });
    await commands.return?.();
  });

  it('is not asked with --yes', async () => {
    const { url, store } = await bench();
    await store.board.publishStatus({ ...exampleTree(), atMs: Date.now() } as never);
    const ran = await runCommand(url, ['kill', 'pod-1', '--yes'], { isInteractive: seated });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('Told to kill pod pod-1 with 3 worker processes (28 running jobs)');
  });

  it('sees a stream’s progress on stderr, gone when it is over', async () => {
    const { url } = await bench();
    const stdin = new PassThrough();
    stdin.end(`${lines(3)}oops\n`);
    const { code, out, err } = await runCommand(url, ['enqueue', 'work', '--file', '-'], {
      stdin,
      isInteractive: { input: false, output: true, errors: true },
    });
    expect(code).toBe(1);
    expect(out).toMatch(/^3 accepted, 0 refused, 1 bad lines, in /);
    expect(err).toContain('line 4: malformed');
    expect(err.lastIndexOf('\r\u001b[K')).toBeGreaterThan(err.lastIndexOf(' accepted'));
  });
});
