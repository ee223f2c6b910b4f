import { ManualClock, systemClock } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import { testStore } from '../../../tests/support/store.ts';
import type { BoundedQueue, LedgerEntry } from './types/queue.ts';

let bench: QueueBench;
let queue: BoundedQueue;
beforeEach(async () => {
  bench = queueBench('retention: {completedCount: 0}');
  queue = (await bench.store()).queue('work');
});
afterEach(() => bench.close());

async function readAll(reader: string, n: number): Promise<LedgerEntry[]> {
  const all: LedgerEntry[] = [];
  await until(async () => {
    const page = await queue.readLedger(reader, null, 100);
    // Reading "from where I stood" again is safe, so the page is taken by its cursor.
    const next = await queue.readLedger(reader, page.cursor, 0 + 100);
    all.push(...page.entries, ...next.entries);
    expect(page.gap || next.gap).toBe(false);
    await queue.readLedger(reader, next.cursor, 1);
    return all.length >= n;
  }, `${n} entries were read`);
  return all;
}

test('tells every ended attempt, of jobs that are removed as they end too', async () => {
  await queue.registerReader('r');
  let failedOnce = false;
  await bench
    .consumer({
      concurrency: 1,
      run: async (job) => {
        if (job.id !== '2' || failedOnce) return { kind: 'ok', value: { n: job.id } };
        failedOnce = true;
        return { kind: 'fail', error: new Error('once'), retry: true };
      },
    })
    .start();
  await queue.add(jobs(3, { a: 1 }).map((job) => ({ ...job, opts: { attempts: 2 } })));
  const entries = await readAll('r', 4);
  expect(
    entries
      .filter(({ outcome }) => outcome === 'completed')
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['1', '2', '3']);
  expect(entries.find(({ outcome }) => outcome === 'retried')).toMatchObject({
    id: '2',
    attempt: 1,
    start: 1,
    value: 'once',
  });
  expect(entries.find(({ id, outcome }) => id === '2' && outcome === 'completed')).toMatchObject({
    attempt: 2,
    start: 2,
    value: '{"n":"2"}',
    data: '{"a":1}',
  });
  for (const entry of entries) {
    expect(entry.enqueuedUs).toBeLessThanOrEqual(entry.startedUs);
    // The store's clock, not the worker's: the same moment, give or take a minute.
    expect(Math.abs(entry.takenMs - entry.startedUs / 1000)).toBeLessThan(60_000);
    expect(entry.startedUs).toBeLessThanOrEqual(entry.doneUs);
  }
});

test('is trimmed only past the slowest reader, and not kept without one', async () => {
  await bench.consumer().start();
  const { cursor } = await queue.registerReader('slow');
  await queue.registerReader('fast');
  await queue.add(jobs(5));
  await readAll('fast', 5);
  expect((await queue.readLedger('slow', cursor, 100)).entries).toHaveLength(5);
  expect(await queue.endReader('slow')).toBe(true);
  expect(await queue.endReader('slow')).toBe(false);
  await queue.endReader('fast');
  expect(await bench.redis.exists(`${bench.prefix}:work:ledger`)).toBe(0);
  await expect(queue.readLedger('slow', null, 1)).rejects.toMatchObject({ code: 'not_found' });
});

test('drops a reader that is silent, and is not kept for it', async () => {
  const clock = new ManualClock(systemClock.nowMs());
  const slow = queueBench('', testStore(), clock);
  const watched = (await slow.store()).queue('work');
  await watched.registerReader('gone');
  await watched.registerReader('there');
  const seen = `${slow.prefix}:work:millrace:readers-seen`;
  const isKept = async () => (await slow.redis.exists(`${slow.prefix}:work:ledger`)) === 1;
  const isKnown = (reader: string) => slow.redis.hexists(`${slow.prefix}:work:millrace:readers`, reader);
  /** It was last heard so long ago, by the store's own clock. */
  const silentFor = async (reader: string, ms: number) => {
    await slow.redis.zadd(seen, Number(await slow.redis.zscore(seen, reader)) - ms, reader);
  };
  const upkeepUntil = (what: string, isSo: () => Promise<boolean>) =>
    until(async () => {
      clock.advance(2_000);
      return isSo();
    }, what);

  await silentFor('gone', 601_000);
  await silentFor('there', 599_000);
  await watched.readLedger('there', null, 1);
  await upkeepUntil('the silent one is dropped', async () => !(await isKnown('gone')));
  expect(await isKnown('there')).toBe(1);
  expect(await isKept()).toBe(true);

  await silentFor('there', 601_000);
  await upkeepUntil('nobody is left to keep it for', async () => !(await isKept()));
  await slow.close();
});

test('a process whose clock has jumped takes nobody for silent', async () => {
  const clock = new ManualClock(systemClock.nowMs() + 3_600_000);
  const ahead = queueBench('', testStore(), clock);
  const watched = (await ahead.store()).queue('work');
  await watched.registerReader('heard');
  await watched.registerReader('gone');
  const seen = `${ahead.prefix}:work:millrace:readers-seen`;
  await ahead.redis.zadd(seen, systemClock.nowMs(), 'heard', 1, 'gone');
  const isKnown = (reader: string) => ahead.redis.hexists(`${ahead.prefix}:work:millrace:readers`, reader);
  await until(async () => {
    clock.advance(2_000);
    return !(await isKnown('gone'));
  }, 'the silent one is dropped');
  expect(await isKnown('heard')).toBe(1);
  await ahead.close();
});

test('shows a gap when somebody else trimmed it', async () => {
  await bench.consumer().start();
  await queue.registerReader('r');
  await queue.add(jobs(5));
  await until(async () => (await bench.redis.xlen(`${bench.prefix}:work:ledger`)) === 6, 'all are in');
  expect((await queue.readLedger('r', null, 2)).gap).toBe(false);
  await bench.redis.xtrim(`${bench.prefix}:work:ledger`, 'MAXLEN', 2);
  expect((await queue.readLedger('r', null, 100)).gap).toBe(true);
});

test('shows a gap when the stream was lost', async () => {
  await queue.registerReader('r');
  await bench.redis.del(`${bench.prefix}:work:ledger`);
  expect((await queue.readLedger('r', null, 100)).gap).toBe(true);
});
