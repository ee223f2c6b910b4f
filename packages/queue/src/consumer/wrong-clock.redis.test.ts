import { type Outcome, systemClock } from '@millrace/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { testStore } from '../../../../tests/support/store.ts';
import { MillraceBackend } from '../backend/millrace-backend.ts';
import { queueKeys } from '../keys.ts';
import type { TakenJob } from '../types/consumer.ts';

const HOUR_MS = 3_600_000;
const LOCK_MS = 600;

let bench: QueueBench;
beforeEach(() => {
  // The producer's clock is right.
  const clock = { ...systemClock, nowMs: () => Math.round(systemClock.epochUs() / 1_000) };
  bench = queueBench(`worker: {lockMs: ${LOCK_MS}}`, testStore(), clock);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.close();
});

/** Sets the wall clock of this process, and with it the worker's; the store has its own. */
function setClock(offsetMs: number): void {
  vi.restoreAllMocks();
  const rightNow = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => rightNow() + offsetMs);
}

test.each([-HOUR_MS, HOUR_MS])('a job keeps its lock when the clock jumps by %i ms', async (offsetMs) => {
  const store = await bench.store();
  const hold = gate();
  await bench.consumer({ run: hold.run }, systemClock).start();
  await store.queue('work').add(jobs(1));
  await until(() => hold.started.size === 1, 'it runs');
  const [[id, run] = []] = [...hold.started];
  setClock(offsetMs);
  const lock = queueKeys(bench.prefix, 'work').job(`${id}:lock`);
  const endMs = systemClock.monotonicMs() + 3 * LOCK_MS;
  while (systemClock.monotonicMs() < endMs) {
    expect(await bench.redis.exists(lock)).toBe(1);
    await systemClock.sleep(10);
  }
  expect(run?.signal.aborted).toBe(false);
  hold.finishAll();
});

test.each([-HOUR_MS, HOUR_MS])(
  'a worker whose clock is off by %i ms runs what is delayed when it is due, and asks for it no more than it must',
  async (offsetMs) => {
    const queue = (await bench.store()).queue('work');
    const DELAY_MS = 800;
    const startedMs = new Map<string, number>();
    const addedMs = new Map<string, number>();
    const add = async (name: string, delayMs: number) => {
      addedMs.set(name, systemClock.monotonicMs());
      await queue.add([{ name, data: {}, opts: { delayMs } }]);
    };
    const runs = async (name: string) => {
      await until(() => startedMs.has(name), `${name} runs`);
      return (startedMs.get(name) as number) - (addedMs.get(name) as number);
    };
    await add('before', DELAY_MS);
    setClock(offsetMs);
    const takes = vi.spyOn(MillraceBackend.prototype, 'moveToActive');
    const run = async ({ name }: TakenJob): Promise<Outcome> => {
      startedMs.set(name, systemClock.monotonicMs());
      return { kind: 'ok', value: null };
    };
    const consumer = bench.consumer({ run }, systemClock);
    await consumer.start();
    // Its take and its end look at what is due.
    await add('other', 0);
    await runs('other');
    const inTime = (ms: number) => ms >= DELAY_MS - 50 && ms < DELAY_MS + 1_000;
    expect(await runs('before')).toSatisfy(inTime);
    // Now it waits, and is told of the next one by its marker alone.
    const waits = new RegExp(`name=${bench.prefix}:.* flags=b .*cmd=bzpopmin`);
    await until(async () => {
      const marked = await bench.redis.exists(queueKeys(bench.prefix, 'work').marker);
      return marked === 0 && waits.test(String(await bench.redis.client('LIST')));
    }, 'it waits');
    await add('while it waits', DELAY_MS);
    expect(await runs('while it waits')).toSatisfy(inTime);
    expect(takes.mock.calls.length).toBeLessThan(20);
  },
);
