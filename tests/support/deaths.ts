import { type DeathCertificate, type Kill, newStartId, type Outcome } from '@millrace/core';
import type { Store, TakenJob } from '@millrace/queue';
import { certificateOf, gate, type QueueBench, until } from './queue.ts';

/** A start takes all that waits in `work`, dies with it, and is fenced and reclaimed; what it was given to run. */
export async function dies(
  bench: QueueBench,
  store: Store,
  over: Partial<DeathCertificate>,
): Promise<{ startId: string; jobs: TakenJob[] }> {
  const hold = gate();
  const startId = newStartId('pod');
  const waiting = (await store.queue('work').snapshot()).depth;
  const consumer = bench.consumer({ startId, run: hold.run });
  await consumer.start();
  await until(() => hold.started.size === waiting, 'all run');
  await store.supervision.fence('work', startId);
  await store.supervision.reclaim('work', { startId, certificate: certificateOf(startId, over) });
  await consumer.stop();
  return { startId, jobs: [...hold.started.values()].map(({ job }) => job) };
}

/** What a lane says of a job that killed the process in which it ran alone. */
export function killed(over: Partial<Kill> = {}): Outcome {
  return {
    kind: 'killed',
    kill: {
      ...{ atMs: 5, worker: 'pod.x', cause: 'crash', exitCode: 134, exitSignal: null, isolated: true },
      ...{ lastLines: ['Fatal'], peakRssBytes: 9, memoryLimitBytes: null, coRunners: [], beats: [], ...over },
    },
  };
}
