import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CompletionBench, completionBench } from '../../../tests/support/completions.ts';
import { healBytes, type Trust } from './byte-healer.ts';
import { openClient } from './connection/client.ts';

let at: CompletionBench;
beforeEach(async () => {
  at = await completionBench();
});
afterEach(() => at.close());

async function heal(trust: Trust): Promise<number> {
  const client = openClient(at.bench.config.redis, 'patient', 'test');
  const mended = await healBytes(client, at.keys, trust);
  client.disconnect();
  return mended;
}

test('nothing is mended where all that wait are counted, delayed and prioritized ones too', async () => {
  const job = { name: 'job', data: {}, opts: {} };
  await at.queue.add([job, { ...job, opts: { delayMs: 60_000 } }, { ...job, opts: { priority: 3 } }]);
  expect(await heal('counts')).toBe(0);
  expect(await heal('nothing')).toBe(0);
});

test('a job that a stock client took away is found by the counts, and one that hides behind another by a look', async () => {
  const [first = '', second = ''] = await at.ids(3);
  await (await at.stock.getJob(first))?.remove();
  expect(await heal('counts')).toBe(1);
  await (await at.stock.getJob(second))?.remove();
  await at.stock.add('job', {});
  expect(await heal('counts')).toBe(0);
  expect(await heal('nothing')).toBe(1);
});
