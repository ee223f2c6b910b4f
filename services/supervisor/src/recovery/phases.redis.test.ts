import { type Recovery, silentLog, systemClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import {
  certificateOf,
  gate,
  jobs,
  type QueueBench,
  queueBench,
  until,
} from '../../../../tests/support/queue.ts';
import { untilDoneWith } from '../until-done.ts';
import { fenceAndReclaim } from './phases.ts';

let bench: QueueBench;
afterEach(() => bench.close());

test('a fence that the store took and lost is put up again', async () => {
  bench = queueBench();
  const store = await bench.store('patient');
  const startId = 'pod.start';
  const hold = gate();
  await bench.consumer({ startId, run: hold.run }).start();
  await store.queue('work').add(jobs(1));
  await until(() => hold.started.size === 1, 'it runs');
  let lost = false;
  const supervision = {
    ...store.supervision,
    async fence(queue: string, id: string) {
      await store.supervision.fence(queue, id);
      if (lost) return;
      lost = true;
      await bench.redis.del(`${bench.prefix}:work:millrace:fenced`);
    },
    async reclaim(...args: Parameters<typeof store.supervision.reclaim>) {
      await until(() => lost, 'the fence is lost');
      return store.supervision.reclaim(...args);
    },
  };
  const begun: Recovery = {
    ...{ id: startId, certificate: certificateOf(startId), diedAtMs: 1, detectMs: 1, state: 'running' },
    ...{ fenceMs: null, reclaimMs: null, respawnMs: null, firstOrphanMs: null, lastOrphanMs: null },
    orphans: {},
  };
  const giveUp = AbortSignal.timeout(5_000);
  const untilDone = untilDoneWith(systemClock, silentLog, giveUp);
  const { orphans } = await fenceAndReclaim(begun, ['work'], { supervision, untilDone, clock: systemClock });
  expect(orphans).toBe(1);
  expect(await bench.redis.zscore(`${bench.prefix}:work:millrace:fenced`, startId)).not.toBeNull();
});
