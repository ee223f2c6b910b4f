import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { silentLog, systemClock } from '@millrace/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { testStore } from '../../../../tests/support/store.ts';
import { startStore } from '../../../../tests/support/store-setup.ts';
import { createStore } from '../store.ts';
import type { Store } from '../types/store.ts';
import type { StoreFormat } from './format.ts';

describe('the store format', () => {
  let bench: QueueBench;
  const opened: Store[] = [];
  beforeEach(() => {
    bench = queueBench();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.stop();
    await bench.close();
  });

  /** A build that writes and reads these. */
  async function build(format: StoreFormat): Promise<Store> {
    const made = createStore(bench.config, {
      ...{ clock: systemClock, log: silentLog, name: 'build', profile: 'patient', format },
    });
    opened.push(made);
    await made.start();
    await until(() => made.connected, 'it is connected');
    return made;
  }
  const key = () => `millrace:{${bench.prefix}}:format`;

  test('a new installation gets the number that its first build writes', async () => {
    expect(await (await build({ writes: 1, reads: 1 })).check()).toMatchObject({ format: 1 });
    expect(await bench.redis.get(key())).toBe('1');
  });

  test('a build that meets a newer number than it knows refuses, and leaves it as it is', async () => {
    await bench.redis.set(key(), '3');
    await expect((await build({ writes: 2, reads: 2 })).check()).rejects.toMatchObject({
      code: 'store_unfit',
      message: expect.stringMatching(/holds format 3 .* understands up to 2: run the newer release/),
    });
    expect(await bench.redis.get(key())).toBe('3');
  });

  test('through a rollout and back the old and the new build work side by side', async () => {
    const old = await build({ writes: 1, reads: 1 });
    await old.check();
    // The release that brings format 2 reads it, and writes 1 as before.
    const next = await build({ writes: 1, reads: 2 });
    await next.check();
    await old.check();
    await old.queue('work').add(jobs(1));
    await next.queue('work').add(jobs(1));
    expect((await old.queue('work').snapshot()).counts.waiting).toBe(2);
    // The one after it writes 2, which that one still reads, also when it comes back.
    const afterNext = await build({ writes: 2, reads: 2 });
    expect(await afterNext.check()).toMatchObject({ format: 2 });
    expect(await next.check()).toMatchObject({ format: 2 });
    await expect(old.check()).rejects.toMatchObject({ code: 'store_unfit' });
  });
});

describe('what is told of a store that is fit', () => {
  let plain: Awaited<ReturnType<typeof startStore>>;
  let replica: Awaited<ReturnType<typeof startStore>>;
  beforeAll(async () => {
    plain = await startStore(['--maxmemory', '64mb']);
    replica = await startStore(['--replicaof', '127.0.0.1', String(plain.port)]);
  });
  afterAll(() => Promise.all([plain.stop(), replica.stop()]));

  async function check(port: number) {
    const bench = queueBench('', { url: `redis://127.0.0.1:${port}` });
    try {
      return await (await bench.store('patient')).check();
    } finally {
      await bench.close();
    }
  }

  test('its memory, and that it keeps no append-only file', async () => {
    const { memoryUsed, memoryMax, nodes, warnings } = await check(plain.port);
    expect(memoryMax).toBe(64 * 1024 * 1024);
    expect(memoryUsed).toBeGreaterThan(100_000);
    expect(nodes).toEqual([
      expect.objectContaining({ node: `127.0.0.1:${plain.port}`, memoryUsed, memoryMax, isAofWritten: true }),
    ]);
    expect(nodes[0]?.mainCpuSeconds).toBeGreaterThan(0);
    expect(nodes[0]?.commandsTotal).toBeGreaterThan(0);
    expect(warnings).toEqual([expect.stringMatching(/no append-only file.*set appendonly yes/)]);
  });

  test('a replica takes no jobs: that is weather, for it may be made the master', async () => {
    await expect(check(replica.port)).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test.each(['fail-fast', 'patient'] as const)(
    'one that wants its writes on a replica and has none takes no jobs until it has (%s)',
    async (profile) => {
      const strict = await startStore(['--min-replicas-to-write', '1']);
      const bench = queueBench('', { url: `redis://127.0.0.1:${strict.port}` });
      const store = await bench.store(profile);
      const refused = { code: 'store_unavailable', message: expect.stringContaining('NOREPLICAS') };
      await expect(store.check()).rejects.toMatchObject(refused);
      await expect(store.queue('work').add(jobs(1))).rejects.toMatchObject({
        ...refused,
        details: { sent: false },
      });
      await bench.close();
      await strict.stop();
    },
  );
});

/** A way to the store that a server takes with it in the middle of a transaction, as one that is killed does. */
async function wayThatEndsAtMulti() {
  const { url } = testStore();
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => undefined);
    far.pipe(near);
    near.on('close', () => far.destroy());
    near.on('data', (chunk) => (/multi/i.test(chunk.toString()) ? near.resetAndDestroy() : far.write(chunk)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { url, productUrl: `redis://127.0.0.1:${port}`, close: () => server.close() };
}

test.each(['fail-fast', 'patient'] as const)(
  'a store that goes while its rights are tried is away, and not a fault of those who ask (%s)',
  async (profile) => {
    const way = await wayThatEndsAtMulti();
    const bench = queueBench('', way);
    const store = await bench.store(profile);
    await expect(store.check()).rejects.toMatchObject({ code: 'store_unavailable' });
    await bench.close();
    way.close();
  },
);
