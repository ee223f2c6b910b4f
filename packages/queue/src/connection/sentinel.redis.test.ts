import { afterEach, beforeEach, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { offerSteadily, watchLedger } from '../../../../tests/support/steady-load.ts';
import { liveThrough } from '../../../../tests/support/store-life.ts';
import {
  holdReplicated,
  type SentinelTopology,
  sentinelTopology,
} from '../../../../tests/support/store-topologies.ts';

/** A failover takes about a second on a quiet machine. */
const LONG_MS = 50_000;

let sentinels: SentinelTopology;
let bench: QueueBench;
beforeEach(async () => {
  sentinels = await sentinelTopology();
  const { name, nodes } = sentinels;
  const url = `redis://127.0.0.1:${sentinels.master.port}`;
  bench = queueBench('', { url, settings: { sentinel: { name, nodes } } });
});
afterEach(async () => {
  await bench.close();
  await sentinels.close();
});

test('everything that Millrace does with a store works behind Sentinels', async () => {
  await liveThrough(bench);
});

test.each([
  ['killed', () => sentinels.master.kill()],
  ['frozen', async () => sentinels.master.signal('SIGSTOP')],
])(
  'a master that is %s under load: its replica takes over, and no accepted job is lost',
  async (_, fault) => {
    const [api, patient] = [await bench.store(), await bench.store('patient')];
    const ledger = await watchLedger(patient, 'work');
    await bench.consumer().start();
    const { accepted, refusals, stop } = offerSteadily(api.queue('work'));
    await until(() => accepted.size > 100, 'load runs');
    await holdReplicated(sentinels.master);
    await fault();
    await until(
      async () => (await sentinels.masterPort()) === sentinels.replica.port,
      'the replica leads',
      LONG_MS,
    );
    const atFailover = accepted.size;
    await until(() => accepted.size > atFailover + 100, 'load goes on', LONG_MS);
    await stop();
    await ledger.untilDone(accepted);
    expect(refusals()).toBeGreaterThan(0);
  },
);
