import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { NewJob } from '@millrace/core';
import { defaultParameters, jobDataMaker, runChecksum } from '@millrace/workload';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { startPod, type TestPod } from '../support/worker-pod.ts';

const HANDLERS = fileURLToPath(new URL('../../handlers/src', import.meta.url));
const YAML = `
worker: {processes: 2, standby: 0, healthPort: 0, cpuThreads: 1}
supervision: {beatMs: 50}
`;

let queues: QueueBench;
let pod: TestPod;
beforeAll(async () => {
  queues = queueBench('queue: {bound: 2000}');
  pod = await startPod(YAML, { prefix: queues.prefix, handlers: HANDLERS });
});
afterAll(async () => {
  await pod?.close();
  await queues?.close();
});

/** Runs jobs of the handler whose name is its queue's, and returns them in order once all have ended. */
async function run(name: string, datas: readonly object[], opts: NewJob['opts'] = {}) {
  const store = await queues.store('patient');
  const queue = store.queue(name);
  const added = await queue.add(datas.map((data) => ({ name, data: data as never, opts })));
  if (added.kind !== 'accepted') throw new Error(added.kind);
  await until(async () => {
    const { counts } = await queue.snapshot();
    return counts.waiting + counts.delayed + counts.active === 0;
  }, `the ${name} jobs end`);
  return Promise.all(added.ids.map((id) => queue.job(id)));
}

function xorOf(jobs: Awaited<ReturnType<typeof run>>): number {
  const results = jobs.map((job) => job?.result as { checksum: number } | null | undefined);
  return results.reduce((xor, result) => (xor ^ (result?.checksum ?? 0)) >>> 0, 0);
}

it('runs the workload, in its process and in its threads, to the run checksum', async () => {
  // Ids 10 and 157 are tail jobs above 20,000 steps.
  const parameters = { ...defaultParameters(2), jobs: 200, sleep_min: 0, sleep_max: 1 };
  const maker = jobDataMaker(parameters);
  const ids = Array.from({ length: parameters.jobs }, (_, id) => id);
  expect(xorOf(await run('workload', ids.map(maker)))).toBe(runChecksum(parameters));
});

it('fails the drawn jobs of the workload once, and runs them again at once', async () => {
  const data = jobDataMaker({ ...defaultParameters(2), fail_per_mille: 1000, sleep_max: 1 });
  const opts = { attempts: 3, backoff: { type: 'fixed', delayMs: 0 } } as const;
  const jobs = await run('workload', [data(0), data(10)], opts);
  expect(jobs.map((job) => job?.attemptsMade)).toEqual([2, 2]);
  expect(jobs.map((job) => job?.result)).toEqual([{ checksum: 1606163960 }, { checksum: 304143526 }]);
});

it('calls a webhook, and tells what it answered', async () => {
  const server = createServer((_, response) => response.setHeader('x-from', 'test').end('pong'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [job] = await run('http', [{ url: `http://127.0.0.1:${port}/` }]);
  expect(job?.result).toMatchObject({ status: 200, headers: { 'x-from': 'test' }, body: 'pong' });
  server.closeAllConnections();
  server.close();
});

it('replies to a call, and refuses a bad one for good', async () => {
  const [good, bad] = await run('call', [{ n: 100 }, { n: 'many' }], { attempts: 3 });
  expect(good?.result).toEqual({ sum: 5050 });
  expect(bad).toMatchObject({ state: 'failed', attemptsMade: 1, error: expect.stringContaining('/n') });
});
