import { newStartId, silentLog, systemClock } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { startStore } from '../../../../tests/support/store-setup.ts';
import type { RunJob } from '../types/consumer.ts';
import { rehearseConsumer } from './rehearse-consumer.ts';

let bench: QueueBench;
beforeEach(() => {
  bench = queueBench();
});
afterEach(() => bench.close());

const startId = newStartId('pod');
const rehearse = (run: RunJob, signal = new AbortController().signal, at = bench) =>
  rehearseConsumer(at.config, { startId, run }, { clock: systemClock, log: silentLog, signal });
const left = () => bench.redis.keys(`${bench.prefix}:*`);
const connections = async () => String(await bench.redis.client('LIST')).includes(`${startId}.rehearsal`);

test('jobs are taken, run and ended; nothing is left in the store, nor any connection', async () => {
  const ran: string[] = [];
  await rehearse(async (job) => {
    ran.push(job.id);
    return { kind: 'ok', value: null };
  });
  expect(new Set(ran).size).toBe(16);
  expect(await left()).toEqual([]);
  await until(async () => !(await connections()), 'its connections are gone');
});

test('bounds of queues that are smaller than the rehearsal do not hold for it', async () => {
  await bench.close();
  bench = queueBench('queue: {bound: 5, maxBytes: 100000}');
  let ran = 0;
  await rehearse(async () => {
    ran += 1;
    return { kind: 'ok', value: null };
  });
  expect(ran).toBe(16);
  expect(await left()).toEqual([]);
});

test('a store that goes away in the middle is not waited for', async () => {
  const own = await startStore();
  const away = queueBench('', { url: `redis://127.0.0.1:${own.port}` });
  let ran = 0;
  await rehearse(
    async () => {
      ran += 1;
      if (ran === 1) await own.stop();
      return { kind: 'ok', value: null };
    },
    new AbortController().signal,
    away,
  );
  expect(ran).toBeGreaterThan(0);
  away.redis.disconnect();
});

test('what is cut short is over at once, and is forgotten; so it would be had the process been killed', async () => {
  const cut = new AbortController();
  let ended = 0;
  const over = rehearse(async () => {
    ended += 1;
    return ended > 4 ? new Promise(() => undefined) : { kind: 'ok', value: null };
  }, cut.signal);
  await until(async () => (await left()).some((key) => key.endsWith(':completed')), 'some have ended');
  const ttls = async () => Promise.all((await left()).map((key) => bench.redis.pttl(key)));
  await until(async () => (await ttls()).every((ms) => ms > 0 && ms <= 60_000), 'all of it ends by itself');
  cut.abort();
  await over;
  await until(async () => (await left()).length === 0, 'it is forgotten');
  await rehearse(async () => ({ kind: 'ok', value: null }), cut.signal);
});

test('a store that is away is not waited for', async () => {
  const own = await startStore();
  const away = queueBench('', { url: `redis://127.0.0.1:${own.port}` });
  await own.stop();
  let ran = 0;
  await rehearse(
    async () => {
      ran += 1;
      return { kind: 'ok', value: null };
    },
    new AbortController().signal,
    away,
  );
  expect(ran).toBe(0);
  away.redis.disconnect();
});
