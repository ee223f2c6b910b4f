import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { type Outcome, systemClock } from '@millrace/core';
import { AsyncFifoQueue, LockManager } from 'bullmq';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { killed } from '../../../../tests/support/deaths.ts';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { testStore } from '../../../../tests/support/store.ts';

/** One way between a worker and the store. */
const DELAY_MS = 20;

/** The store behind a long wire: every byte arrives later, in order. */
async function farStore() {
  const { port: storePort } = new URL(testStore().url);
  const sockets: Socket[] = [];
  const carry = (from: Socket, to: Socket) => {
    from.on('data', async (chunk) => {
      await after(DELAY_MS);
      to.write(chunk);
    });
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
  };
  const server = createServer((near) => {
    const far = connect(Number(storePort), '127.0.0.1');
    sockets.push(near, far);
    carry(near, far);
    carry(far, near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `redis://127.0.0.1:${port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

let far: Awaited<ReturnType<typeof farStore>>;
let bench: QueueBench;
beforeEach(async () => {
  far = await farStore();
  bench = queueBench('', far);
});
afterEach(async () => {
  await bench.close();
  far.close();
});

test('a job starts when it is taken, not when the last of many is', async () => {
  const store = await bench.store('patient');
  await store.queue('work').add(jobs(20));
  const hold = gate();
  await bench.consumer({ concurrency: 20, run: hold.run }).start();
  await until(() => hold.started.size > 0, 'the first has started');
  expect(hold.started.size).toBeLessThan(10);
  await until(() => hold.started.size === 20, 'all have started');
});

test('a job that came with the end of another does not wait for takes that are under way', async () => {
  const store = await bench.store('patient');
  const queue = store.queue('work');
  await queue.add(jobs(8));
  const hold = gate();
  const startedMs: number[] = [];
  const consumer = bench.consumer({
    concurrency: 220,
    run(job, signal) {
      startedMs.push(systemClock.monotonicMs());
      return hold.run(job, signal);
    },
  });
  await consumer.start();
  await until(() => hold.started.size === 8, 'eight run');
  await queue.add(jobs(200));
  const active = () => bench.redis.llen(`${bench.prefix}:work:active`);
  await until(async () => (await active()) >= 10, 'it takes one after another');
  const endedMs = systemClock.monotonicMs();
  hold.finishAll();
  await until(() => startedMs.length === 208, 'all have started');
  // Eight ends bring eight jobs in one round trip, while the takes go on for more than twenty.
  const since = startedMs.filter((ms) => ms > endedMs);
  expect((since[7] as number) - endedMs).toBeLessThan(20 * DELAY_MS);
  expect((since.at(-1) as number) - endedMs).toBeGreaterThan(40 * DELAY_MS);
});

test('it runs no more at once than its concurrency, and every job once', async () => {
  const store = await bench.store('patient');
  await store.queue('work').add(jobs(24));
  let [running, most] = [0, 0];
  const ran: string[] = [];
  const consumer = bench.consumer({
    concurrency: 4,
    async run(job) {
      running += 1;
      most = Math.max(most, running);
      await after(3 * DELAY_MS);
      running -= 1;
      ran.push(job.id);
      return { kind: 'ok', value: null };
    },
  });
  await consumer.start();
  await until(() => ran.length === 24, 'all ran');
  await consumer.idle();
  expect(most).toBe(4);
  expect(new Set(ran).size).toBe(24);
});

test.each([
  { how: 'one by one', gapMs: DELAY_MS / 2 },
  { how: 'together', gapMs: 0 },
])(
  'jobs that go back $how amid takes leave none taken and not run, nor too many at once',
  async ({ gapMs }) => {
    const store = await bench.store('patient');
    const queue = store.queue('work');
    const CONCURRENCY = 16;
    const FIRST = 8;
    const back: readonly Outcome[] = [
      { kind: 'snooze', delayMs: 0 },
      { kind: 'returned', reason: 'no room' },
      killed(),
    ];
    const hold = gate();
    let [running, most] = [0, 0];
    const consumer = bench.consumer({
      concurrency: CONCURRENCY,
      async run(job, signal) {
        most = Math.max(most, ++running);
        const outcome = Number(job.id) <= FIRST && job.fence === 1 ? await hold.run(job, signal) : null;
        if (outcome === null) await after(DELAY_MS);
        running -= 1;
        return outcome ?? { kind: 'ok', value: null };
      },
    });
    await consumer.start();
    await queue.add(jobs(FIRST));
    await until(() => hold.started.size === FIRST, 'the first run');
    await queue.add(jobs(60));
    // The take that this wakes is under way for a while: in each of its phases somebody goes back.
    for (const [index, { finish }] of [...hold.started.values()].entries()) {
      finish(back[gapMs === 0 ? 0 : index % back.length] as Outcome);
      if (gapMs > 0) await after(gapMs);
    }
    const done = () => bench.redis.zcard(`${bench.prefix}:work:completed`);
    await until(async () => (await done()) === FIRST + 60, 'all are done');
    await until(() => consumer.activity().busy === 0, 'none is in hands');
    expect(most).toBeLessThanOrEqual(CONCURRENCY);
  },
);

test('a take brings a set of jobs, half of what waits at the most', async () => {
  const store = await bench.store('patient');
  const queue = store.queue('work');
  const hold = gate();
  const consumer = bench.consumer({ concurrency: 20, run: hold.run });
  await consumer.start();
  const { redis, prefix } = bench;
  const idle = consumer.activity().cycles;
  await queue.add(jobs(12));
  await until(() => hold.started.size > 0, 'the first have started');
  // The first job, and of the eleven behind it at most the half.
  expect(hold.started.size).toBe(6);
  const tokens = await Promise.all(
    [...hold.started.keys()].map((id) => redis.get(`${prefix}:work:${id}:lock`)),
  );
  expect(new Set(tokens).size).toBe(6);
  await until(() => hold.started.size === 12, 'all have started');
  expect(consumer.activity()).toMatchObject({ busy: 12, slots: 20 });
  expect(consumer.activity().cycles).toBeGreaterThan(idle);
  hold.finishAll();
  await until(async () => (await redis.zcard(`${prefix}:work:completed`)) === 12, 'all are done');
});

/** What a handler does that leaves no turn to others. */
function block(ms: number): void {
  const endMs = systemClock.monotonicMs() + ms;
  while (systemClock.monotonicMs() < endMs);
}

test('jobs of one take that block the event loop leave it a turn in between', async () => {
  const queue = (await bench.store('patient')).queue('work');
  const hold = gate();
  let turn = 0;
  let next: NodeJS.Immediate | undefined;
  const count = () => {
    turn += 1;
    next = setImmediate(count);
  };
  count();
  const begunIn: number[] = [];
  const consumer = bench.consumer({
    concurrency: 80,
    run(job, signal) {
      begunIn.push(turn);
      block(6);
      return hold.run(job, signal);
    },
  });
  await queue.add(jobs(80));
  await consumer.start();
  await until(() => hold.started.size === 80, 'all run');
  clearImmediate(next);
  const begunPerTurn = Object.values(Object.groupBy(begunIn.slice(40), String)).map((some) => some?.length);
  // The answer to a take may come in the turn in which a job of the take before begins.
  expect(Math.max(...begunPerTurn.map(Number))).toBeLessThanOrEqual(2);
});

test('a job that goes back before its turn to begin does not begin', async () => {
  const queue = (await bench.store('patient')).queue('work');
  const hold = gate();
  const consumer = bench.consumer({
    concurrency: 80,
    run(job, signal) {
      // Longer than it takes to become quiet: behind this one others of its take wait for their turns.
      block(3 * DELAY_MS);
      return hold.run(job, signal);
    },
  });
  await queue.add(jobs(80));
  await consumer.start();
  await until(() => hold.started.size >= 34, 'turns are short');
  await consumer.quiesce();
  const back = await consumer.handBack('drain');
  hold.finishAll();
  await consumer.idle();
  expect(back.length).toBeGreaterThan(hold.started.size);
});

test('a job whose lock runs out while it waits for its turn begins only if it can have another', async () => {
  await bench.close();
  bench = queueBench('worker: {lockMs: 4000}', far);
  const queue = (await bench.store('patient')).queue('work');
  const ran: string[] = [];
  let lost: string | undefined;
  const consumer = bench.consumer({
    concurrency: 40,
    async run(job) {
      ran.push(job.id);
      block(100);
      // The last of many that wait is somebody else's by the time of its turn, a third of a lock's life later.
      const waiting = consumer.runningIds().filter((id) => !ran.includes(id));
      if (lost === undefined && waiting.length >= 15) {
        lost = waiting.at(-1);
        await bench.redis.set(`${bench.prefix}:work:${lost}:lock`, 'strangers', 'PX', 60_000);
      }
      return { kind: 'ok', value: null };
    },
  });
  await queue.add(jobs(40));
  await consumer.start();
  const done = () => bench.redis.zcard(`${bench.prefix}:work:completed`);
  await until(async () => (await done()) === 39, 'all but that one are done');
  await consumer.idle();
  expect(lost).toBeDefined();
  expect(ran).toHaveLength(39);
  expect(ran).not.toContain(lost);
});

test('the Map and the Set that BullMQ keeps running jobs in are renewed while jobs come and go', async () => {
  const seen = { locks: new Set<unknown>(), loop: new Set<unknown>() };
  const { untrackJob } = LockManager.prototype;
  const { numTotal } = AsyncFifoQueue.prototype;
  const untrack = vi.spyOn(LockManager.prototype, 'untrackJob').mockImplementation(function (
    this: LockManager,
    jobId,
  ) {
    seen.locks.add(Reflect.get(this, 'trackedJobs'));
    untrackJob.call(this, jobId);
  });
  const total = vi.spyOn(AsyncFifoQueue.prototype, 'numTotal').mockImplementation(function (
    this: AsyncFifoQueue<unknown>,
  ) {
    seen.loop.add(Reflect.get(this, 'pending'));
    return numTotal.call(this);
  });
  try {
    const store = await bench.store('patient');
    await store.queue('work').add(jobs(200));
    let ended = 0;
    const consumer = bench.consumer({
      concurrency: 10,
      onAttemptEnd: () => {
        ended += 1;
      },
    });
    await consumer.start();
    await until(() => ended === 200, 'all have ended');
    expect(seen.locks.size).toBeGreaterThan(3);
    expect(seen.loop.size).toBeGreaterThan(3);
  } finally {
    untrack.mockRestore();
    total.mockRestore();
  }
});
