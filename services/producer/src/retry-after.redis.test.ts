import { Agent, request } from 'node:http';
import type { Outcome, Timer } from '@millrace/core';
import { systemClock } from '@millrace/core';
import { afterEach, describe, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';

const GAP_MS = 50;
let bench: ProducerBench;
let drain: Timer | undefined;
afterEach(async () => {
  drain?.cancel();
  await bench.close();
});

/** One worker with one slot whose job ends every 50 ms: 20 jobs/s leave the queue. */
async function steadyDrain() {
  const waiting: ((outcome: Outcome) => void)[] = [];
  await bench.queues
    .consumer({ concurrency: 1, run: () => new Promise<Outcome>((resolve) => waiting.push(resolve)) })
    .start();
  drain = systemClock.every(GAP_MS, () => waiting.shift()?.({ kind: 'ok', value: null }));
}

function post(agent: Agent): Promise<{ status: number; retryAfterMs: number }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${bench.url}/v1/queues/work/jobs`,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, ...JSON.parse(text) }));
      },
    );
    sent.on('error', reject);
    sent.end('{"name":"job"}');
  });
}

interface Refusals {
  readonly told: number[];
  readonly real: number[];
}

/** Hands in jobs one after the other; each refusal is measured until its job is in. */
async function client(
  refusals: Refusals,
  isOver: () => boolean,
  options: { hammerMs?: number; keepAlive: boolean },
) {
  const agent = new Agent({ keepAlive: options.keepAlive, maxSockets: 1 });
  while (!isOver()) {
    const mine: { atMs: number; toldMs: number }[] = [];
    for (;;) {
      const { status, retryAfterMs } = await post(agent);
      const nowMs = systemClock.monotonicMs();
      if (status === 202) {
        refusals.told.push(...mine.map(({ toldMs }) => toldMs));
        refusals.real.push(...mine.map(({ atMs }) => nowMs - atMs));
        break;
      }
      mine.push({ atMs: nowMs, toldMs: retryAfterMs });
      await systemClock.sleep(options.hammerMs ?? retryAfterMs);
    }
  }
  agent.destroy();
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('at 20 jobs/s of steady drain, the time that a refusal tells is the time that is waited', () => {
  test.each([
    ['one hammering client', 1, { hammerMs: 5, keepAlive: true }],
    ['one hammering client with a connection a request', 1, { hammerMs: 10, keepAlive: false }],
    ['16 polite clients', 16, { keepAlive: true }],
  ])('%s', { timeout: 60_000 }, async (_, clients, options) => {
    bench = await producerBench('queue: {bound: 20}');
    await bench.store
      .queue('work')
      .add(Array.from({ length: 20 }, () => ({ name: 'job', data: {}, opts: {} })));
    await steadyDrain();
    // The rate is known once a first window is over.
    await until(async () => (await bench.store.queue('work').snapshot()).counts.completed >= 15, 'it drains');
    const refill = Array.from({ length: 14 }, () => ({ name: 'job', data: {}, opts: {} }));
    await bench.store.queue('work').add(refill);
    const endMs = systemClock.monotonicMs() + 8_000;
    const refusals: Refusals = { told: [], real: [] };
    const isOver = () => systemClock.monotonicMs() > endMs;
    await Promise.all(Array.from({ length: clients }, () => client(refusals, isOver, options)));
    expect(refusals.told.length).toBeGreaterThan(100);
    const ratio = mean(refusals.told) / mean(refusals.real);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(1.5);
  });
});
