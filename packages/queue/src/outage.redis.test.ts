import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import { testStore } from '../../../tests/support/store.ts';
import { freePort } from '../../../tests/support/store-setup.ts';
import { createStore } from './store.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A store with AOF of its own, which the test may kill, freeze and start again on the same port. */
async function ownStore() {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-outage-'));
  const port = await freePort();
  let child: ReturnType<typeof spawn> | undefined;
  const start = async () => {
    const persistence = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...persistence],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await new Promise<void>((resolve) => {
      child?.stdout?.on('data', (chunk: Buffer) => chunk.includes('Ready to accept') && resolve());
    });
  };
  const signal = (name: NodeJS.Signals) => child?.kill(name);
  const kill = async () => {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  cleanups.push(async () => {
    await kill();
    await rm(dir, { recursive: true, force: true });
  });
  return { url: `redis://127.0.0.1:${port}`, start, kill, signal };
}

function open(yaml: string, store: { url: string }): QueueBench {
  const bench = queueBench(yaml, store);
  cleanups.push(() => bench.close());
  return bench;
}

describe('the API profile', () => {
  test('fails at once when the store never was up, saying that nothing was done', async () => {
    const bench = open('http: {deadlineMs: 300}', { url: `redis://127.0.0.1:${await freePort()}` });
    const store = createStore(bench.config, {
      clock: systemClock,
      log: silentLog,
      name: 'never',
      profile: 'fail-fast',
    });
    cleanups.push(() => store.stop());
    await store.start();
    await expect(store.queue('work').add(jobs(1))).rejects.toMatchObject({
      code: 'store_unavailable',
      details: { sent: false },
    });
    await expect(store.queue('work').snapshot()).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(store.check()).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test('says "outcome unknown" within its deadline when a reply is lost, and sends nothing twice', async () => {
    const own = await ownStore();
    await own.start();
    const bench = open('http: {deadlineMs: 300}', own);
    const queue = (await bench.store()).queue('work');
    await queue.add(jobs(1));
    own.signal('SIGSTOP');
    const lost = queue.add(jobs(1), { key: 'k', bodyHash: 'h' });
    await expect(lost).rejects.toMatchObject({ code: 'store_unavailable', details: { sent: true } });
    await expect(lost).rejects.toThrow(/outcome is unknown.*Idempotency-Key/);
    own.signal('SIGCONT');
    await until(async () => (await queue.snapshot()).depth === 2, 'the frozen store did it after all');
    expect(await queue.add(jobs(1), { key: 'k', bodyHash: 'h' })).toMatchObject({ replayed: true });
    expect((await queue.snapshot()).depth).toBe(2);
  });

  test('a store killed under load loses nothing that was accepted, and works again within a second of its answer', async () => {
    const own = await ownStore();
    await own.start();
    const bench = open('http: {deadlineMs: 500}', own);
    const store = await bench.store();
    const queue = store.queue('work');
    const ran = new Set<string>();
    await bench
      .consumer({ concurrency: 8, run: async (job) => ({ kind: 'ok', value: ran.add(job.id).size }) })
      .start();
    const accepted: string[] = [];
    let offering = true;
    const producers = [0, 1, 2, 3].map(async () => {
      while (offering) {
        const result = await queue.add(jobs(1)).catch(() => systemClock.sleep(10));
        if (result?.kind === 'accepted') accepted.push(...result.ids);
      }
    });
    await until(() => ran.size > 200, 'work is under way');
    await own.kill();
    await until(() => !store.connected, 'the outage is seen');
    const before = ran.size;
    await own.start();
    const answeredAt = systemClock.monotonicMs();
    await until(() => ran.size > before, 'work goes on');
    expect(systemClock.monotonicMs() - answeredAt).toBeLessThan(1_000);
    await until(() => ran.size > before + 200, 'it keeps going');
    offering = false;
    await Promise.all(producers);
    await until(() => accepted.every((id) => ran.has(id)), 'every accepted job ran');
  });
});

describe('the worker profile', () => {
  test('waits for a store that is not up yet', async () => {
    const own = await ownStore();
    const bench = open('', own);
    const consumer = bench.consumer();
    const started = consumer.start();
    await own.start();
    await started;
    const queue = (await bench.store()).queue('work');
    await queue.add(jobs(1));
    await until(async () => (await queue.snapshot()).counts.completed === 1, 'the job ran');
  });

  test('a finish whose reply was lost is committed once', async () => {
    const own = await ownStore();
    await own.start();
    const bench = open('', own);
    const queue = (await bench.store()).queue('work');
    await queue.registerReader('r');
    const hold = gate();
    await bench.consumer({ run: hold.run }).start();
    await queue.add(jobs(4));
    await until(() => hold.started.size === 4, 'all run');
    own.signal('SIGSTOP');
    hold.finishAll();
    // The finishes are in the frozen store's socket; killing their connections loses the replies, not the calls.
    own.signal('SIGCONT');
    await bench.redis.client('KILL', 'TYPE', 'NORMAL', 'SKIPME', 'yes');
    await until(
      async () => (await queue.snapshot().catch(() => null))?.counts.completed === 4,
      'all are completed',
    );
    const { entries } = await queue.readLedger('r', null, 100);
    expect(entries.map(({ id }) => id).sort()).toEqual(['1', '2', '3', '4']);
  });
});

describe('lifecycles', () => {
  test('a consumer keeps the contract', async () => {
    const bench = open('', testStore());
    let n = 0;
    const made: string[] = [];
    await lifecycleStress(
      () => {
        made.push(`pod.stress${n++}`);
        return bench.consumer({ startId: made.at(-1) as string });
      },
      async (consumer) => consumer.activity().connected,
    );
  });

  test('a store keeps the contract', async () => {
    const bench = open('', testStore());
    const make = () =>
      createStore(bench.config, { clock: systemClock, log: silentLog, name: 'stress', profile: 'patient' });
    await lifecycleStress(make, (store) =>
      store.check().then(
        () => true,
        () => false,
      ),
    );
  });
});
