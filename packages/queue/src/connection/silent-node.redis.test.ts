import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { isMillraceError, newStartId, systemClock } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  certificateOf,
  gate,
  jobs,
  type QueueBench,
  queueBench,
  until,
} from '../../../../tests/support/queue.ts';
import { testStore } from '../../../../tests/support/store.ts';
import { queueKeys } from '../keys.ts';

/** Connections are given up after 5 s; a blocking read after its own time and a little. */
const SOON_MS = 9_000;
const BLOCKED_SOON_MS = 14_000;

/** A way to the store through a node that can die without closing a connection; a new dial leads to its successor. */
async function mortalNode() {
  const { url } = testStore();
  const pairs: [Socket, Socket][] = [];
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    pairs.push([near, far]);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url,
    productUrl: `redis://127.0.0.1:${port}`,
    dialled: () => pairs.length,
    /** All that is open is silent from now on, and nobody is told. */
    die() {
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    reset() {
      for (const [near] of pairs) near.resetAndDestroy();
    },
    close() {
      for (const socket of pairs.flat()) socket.destroy();
      server.close();
    },
  };
}

let node: Awaited<ReturnType<typeof mortalNode>>;
let bench: QueueBench;
beforeEach(async () => {
  node = await mortalNode();
  bench = queueBench('worker: {lockMs: 9s}', node);
});
afterEach(async () => {
  await bench.close();
  node.close();
});

test('calls, renewals and readers go on when a node has died without a word', async () => {
  const [producer, supervisor] = await Promise.all([bench.store(), bench.store('patient')]);
  const queue = producer.queue('work');
  const keys = queueKeys(bench.prefix, 'work');
  const hold = gate();
  const startId = newStartId('pod');
  await bench.consumer({ startId, run: hold.run }).start();
  await queue.add(jobs(1));
  await until(() => hold.started.size === 1, 'it runs');
  const [[id, run] = []] = [...hold.started];
  const heard = supervisor.board.commands(AbortSignal.timeout(30_000))[Symbol.asyncIterator]().next();
  // The end of the stream is known to the reader once it waits.
  const waits = new RegExp(`name=millrace:test-${bench.prefix}:wait .*cmd=xread`);
  await until(async () => waits.test(String(await bench.redis.client('LIST'))), 'orders are read');
  node.die();

  const added = until(
    () =>
      queue.add(jobs(1)).then(
        ({ kind }) => kind === 'accepted',
        (error) => {
          if (!isMillraceError(error, 'store_unavailable')) throw error;
          return false;
        },
      ),
    'the producer adds again',
    SOON_MS,
  );
  const dead = { startId: newStartId('gone'), certificate: certificateOf('gone.1') };
  const led = supervisor.supervision
    .fence('work', dead.startId)
    .then(() => supervisor.supervision.reclaim('work', dead));
  await Promise.all([added, within(led, SOON_MS)]);
  await until(() => hold.started.size === 2, 'the worker takes again', BLOCKED_SOON_MS);
  expect(await bench.redis.exists(keys.job(`${id}:lock`))).toBe(1);
  expect(run?.signal.aborted).toBe(false);
  hold.finishAll();
  await until(async () => (await bench.redis.zcard(keys.completed)) === 2, 'both are done');
  await producer.board.sendCommand({ kind: 'kill', worker: startId, by: 'test', atMs: 1 });
  expect((await within(heard, SOON_MS)).value).toMatchObject({ worker: startId });
}, 40_000);

test('a connection may idle, and one that was lost with a call under way leaves the next one alone', async () => {
  const store = await bench.store('patient');
  const board = () => store.supervision.holders('work');
  await board();
  node.die();
  const held = board();
  node.reset();
  await held;
  const dialled = node.dialled();
  await systemClock.sleep(7_000);
  await board();
  expect(node.dialled()).toBe(dialled);
}, 20_000);

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = systemClock.sleep(ms).then(() => Promise.reject(new Error(`no answer within ${ms} ms`)));
  return Promise.race([promise, late]);
}
