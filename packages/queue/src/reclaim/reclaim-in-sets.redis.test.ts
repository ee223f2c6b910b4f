import { type Clock, ManualClock, newStartId } from '@millrace/core';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { certificateOf, jobs, type QueueBench, queueBench } from '../../../../tests/support/queue.ts';
import { startStore } from '../../../../tests/support/store-setup.ts';
import { openClient } from '../connection/client.ts';
import { type QueueKeys, queueKeys } from '../keys.ts';
import type { Store } from '../types/store.ts';
import { MOVES_A_CALL, reclaimPass, STEPS_AHEAD } from './reclaim-pass.ts';

let bench: QueueBench;
let store: Store;
let keys: QueueKeys;

async function open(url?: string, clock?: Clock) {
  bench = queueBench('queue: {bound: 20000}', url === undefined ? undefined : { url }, clock);
  store = await bench.store('patient');
  keys = queueKeys(bench.prefix, 'work');
}

/** Adds jobs and lets start after start take them, `each` at a time, round and round: what a busy fleet looks like. */
async function running(starts: readonly string[], each: number): Promise<string[]> {
  const added = await store.queue('work').add(jobs(starts.length * each));
  const ids = added.kind === 'accepted' ? added.ids : [];
  const pipeline = bench.redis.pipeline();
  for (const [index, id] of ids.entries()) {
    const start = starts[index % starts.length] as string;
    pipeline.rpoplpush(keys.wait, keys.active).set(keys.job(`${id}:lock`), `${start}:${index}`, 'PX', 30_000);
    pipeline.hset(keys.job(id), 'pb', start, 'processedOn', 1, 'ats', 1);
  }
  await pipeline.exec();
  return [...ids];
}

const startIds = (n: number) => Array.from({ length: n }, () => newStartId('pod'));
const deadOf = (startId: string) => ({ startId, certificate: certificateOf(startId, { blame: 'unknown' }) });
const waitingOldestFirst = async () => (await bench.redis.lrange(keys.wait, 0, -1)).reverse();

/** The client with `around` around each step of a pass. */
function interposed(client: Redis, around: (call: () => Promise<unknown>) => Promise<unknown>): Redis {
  return new Proxy(client, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== 'millrace:reclaim') return typeof value === 'function' ? value.bind(target) : value;
      return (...args: unknown[]) => around(() => value.apply(target, args));
    },
  });
}

/** Processor time of the store's main thread: unlike a wall clock it does not count what others took from it. */
async function storeCpuMs(): Promise<number> {
  const info = String(await bench.redis.info('cpu'));
  const of = (kind: string) =>
    Number(new RegExp(`used_cpu_${kind}_main_thread:([\\d.]+)`).exec(info)?.[1]) * 1000;
  return of('user') + of('sys');
}

/** Commands that the store has run so far, those of scripts included. */
async function storeCalls(): Promise<number> {
  const info = String(await bench.redis.info('commandstats'));
  return [...info.matchAll(/calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

describe('two hundred workers that die at once', () => {
  let own: Awaited<ReturnType<typeof startStore>>;
  beforeEach(async () => {
    own = await startStore();
    // Time stands still, so that no upkeep is counted.
    await open(`redis://127.0.0.1:${own.port}`, new ManualClock());
  });
  afterEach(async () => {
    await bench.close();
    await own.stop();
  });

  /** Starts that hold 5,000 jobs and are fenced. */
  async function massDeath() {
    const starts = startIds(200);
    const ids = await running(starts, 25);
    await Promise.all(starts.map((start) => store.supervision.fence('work', start)));
    return { starts, ids };
  }

  test('their 5,000 jobs are back in order, at a second of processor at most, each told to who asked', async () => {
    const { starts, ids } = await massDeath();
    const before = [process.cpuUsage(), await storeCpuMs()] as const;
    const results = await Promise.all(
      starts.map((start) => store.supervision.reclaim('work', deadOf(start))),
    );
    const { user, system } = process.cpuUsage(before[0]);
    const costMs = (user + system) / 1000 + (await storeCpuMs()) - before[1];
    expect(await waitingOldestFirst()).toEqual(ids);
    for (const [index, { jobIds }] of results.entries()) {
      expect(jobIds).toEqual(ids.filter((_, at) => at % 200 === index));
    }
    // Not a wall clock, which also counts what other tests take of the machine.
    expect(costMs).toBeLessThan(1_000);
  });

  test('no step holds the store long: it moves its jobs with a dozen calls each', async () => {
    const { starts } = await massDeath();
    const client = openClient(bench.config.redis, 'patient', 'measured');
    const cpuMs: number[] = [];
    const calls: number[] = [];
    let turn: Promise<unknown> = Promise.resolve();
    const measure = async (call: () => Promise<unknown>) => {
      const before = [await storeCpuMs(), await storeCalls()] as const;
      const reply = await call();
      calls.push((await storeCalls()) - before[1]);
      cpuMs.push((await storeCpuMs()) - before[0]);
      return reply;
    };
    // One at a time: several are sent at once.
    const measured = interposed(client, (call) => {
      turn = turn.then(() => measure(call));
      return turn;
    });
    await reclaimPass(measured, keys, starts.map(deadOf), 3);
    client.disconnect();
    expect(cpuMs.length).toBeGreaterThan(150);
    // The first step comes after the evidence of 200 deaths; those under way at the end also read what each
    // start left behind.
    expect(Math.max(...calls.slice(1, -STEPS_AHEAD))).toBeLessThan(MOVES_A_CALL * 12 + 40);
    expect(cpuMs.sort((a, b) => a - b)[cpuMs.length >> 1]).toBeLessThan(5);
  });
});

describe('a pass over a list that lives', () => {
  beforeEach(() => open());
  afterEach(() => bench.close());

  test('misses no orphan and moves no other job, whatever finishes and is taken between its steps', async () => {
    const [dead, alive] = [startIds(3), startIds(3)];
    const ids = await running([...alive, ...dead], 300);
    const orphans = ids.filter((_, index) => index % 6 >= 3);
    await Promise.all(dead.map((start) => store.supervision.fence('work', start)));
    const client = openClient(bench.config.redis, 'patient', 'interposed');
    let fresh = 0;
    const between = interposed(client, async (call) => {
      // The newest 40 of the living end, and 25 new ones are taken: both move the places of all the others.
      const list = await bench.redis.lrange(keys.active, 0, -1);
      const ending = list.filter((id) => !orphans.includes(id)).slice(0, 40);
      const pipeline = bench.redis.pipeline();
      for (const id of ending) pipeline.lrem(keys.active, 1, id).del(keys.job(`${id}:lock`));
      for (let i = 0; i < 25; i++) {
        const id = `fresh${fresh++}`;
        pipeline.hset(keys.job(id), 'ats', 1).lpush(keys.active, id);
        pipeline.set(keys.job(`${id}:lock`), `${alive[0]}:9`);
      }
      await pipeline.exec();
      return call();
    });
    const results = await reclaimPass(between, keys, dead.map(deadOf), 3);
    client.disconnect();
    expect(await waitingOldestFirst()).toEqual(orphans);
    const told = results.flatMap((result) => (result.status === 'fulfilled' ? result.value.jobIds : []));
    expect(told.toSorted()).toEqual(orphans.toSorted());
    expect(await bench.redis.lpos(keys.active, '\0gone')).toBeNull();
  });

  test('two supervisors at once move each job once, and both are told of all', async () => {
    const [dead] = startIds(1) as [string];
    const ids = await running([dead], 200);
    const other = await bench.store('patient');
    await store.supervision.fence('work', dead);
    const [one, two] = await Promise.all(
      [store, other].map(({ supervision }) => supervision.reclaim('work', deadOf(dead))),
    );
    expect(one?.jobIds).toEqual(ids);
    expect(two).toEqual(one);
    expect(await waitingOldestFirst()).toEqual(ids);
  });

  test('what a supervisor that died midway had moved is told to the next one', async () => {
    const [dead] = startIds(1) as [string];
    const ids = await running([dead], 100);
    await store.supervision.fence('work', dead);
    const client = openClient(bench.config.redis, 'patient', 'dies');
    let steps = 0;
    const dying = interposed(client, (call) => (steps++ < 2 ? call() : Promise.reject(new Error('killed'))));
    await expect(reclaimPass(dying, keys, [deadOf(dead)], 3)).rejects.toThrow('killed');
    client.disconnect();
    expect(await bench.redis.llen(keys.active)).toBe(100 - 2 * MOVES_A_CALL);
    const next = await store.supervision.reclaim('work', deadOf(dead));
    expect(next.jobIds).toEqual(ids);
    const started = await bench.redis.xrange(keys.events, next.eventsAfter, '+');
    // Everything that happened to the orphans since the first of them moved is behind the place that is told.
    expect(
      started.filter(([, fields]) => fields.includes('active') && fields.includes('waiting')),
    ).toHaveLength(100);
  });

  test('a start that is not fenced is refused alone', async () => {
    const [dead, alive] = startIds(2) as [string, string];
    await running([dead, alive], 2);
    await store.supervision.fence('work', dead);
    const both = await Promise.allSettled(
      [dead, alive].map((start) => store.supervision.reclaim('work', deadOf(start))),
    );
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await bench.redis.llen(keys.active)).toBe(2);
  });

  test('finds jobs whose locks ran out before anybody came', async () => {
    const [dead, alive] = startIds(2) as [string, string];
    const ids = await running([dead, alive], 2);
    await bench.redis.del(...ids.map((id) => keys.job(`${id}:lock`)));
    await store.supervision.fence('work', dead);
    const { jobIds } = await store.supervision.reclaim('work', deadOf(dead));
    expect(jobIds).toEqual([ids[0], ids[2]]);
    expect(await bench.redis.llen(keys.active)).toBe(2);
  });
});
