import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(lingerMs: number): Promise<ProducerBench> {
  const bench = await producerBench(
    `http: {port: 0, healthPort: 0, lingerMs: ${lingerMs}}\nqueues: {work: {}}`,
  );
  cleanups.push(() => bench.close());
  return bench;
}

/** One request without a key; nothing repeats it when it fails. */
function add(agent: Agent, port: () => number): Promise<{ status: number | undefined; closes: boolean }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const options = {
      agent,
      method: 'POST',
      path: '/v1/queues/work/jobs',
      headers,
      host: '127.0.0.1',
      port: port(),
    };
    const sent = request(options, (response) => {
      const closes = response.headers.connection === 'close';
      response.resume().on('end', () => resolve({ status: response.statusCode, closes }));
    });
    sent.on('error', reject);
    sent.end('{"name":"x"}');
  });
}

/**
 * A service of two producers as a cluster has it: a new connection goes to `target` of that moment, and a connection
 * that is kept alive stays with whom it was opened to.
 */
function clientsOf(target: () => ProducerBench, count: number) {
  let stopped = false;
  const seen = { answers: 0, goodbyes: 0, failures: [] as unknown[] };
  const agents = Array.from({ length: count }, () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => connect(target().port, '127.0.0.1');
    cleanups.push(async () => agent.destroy());
    return agent;
  });
  const running = Promise.all(
    agents.map(async (agent) => {
      while (!stopped) {
        try {
          // The agent keys its connections by port: it must not know where they lead.
          const { status, closes } = await add(agent, () => 1);
          seen.answers++;
          if (closes) seen.goodbyes++;
          if (status !== 202) seen.failures.push(status);
        } catch (error) {
          seen.failures.push(error);
        }
      }
    }),
  );
  const stop = async () => {
    stopped = true;
    await running;
  };
  cleanups.push(stop);
  return { seen, stop };
}

const readiness = async (bench: ProducerBench) => (await fetch(`${bench.healthUrl}/readyz`)).status;

describe('a producer that ends under clients that keep their connections and send without pause', () => {
  test('is not ready at once, serves on while it lingers, and no request fails', {
    timeout: 60_000,
  }, async () => {
    const [old, young] = [await open(3_000), await open(0)];
    let target = old;
    const { seen, stop } = clientsOf(() => target, 8);
    await until(() => seen.answers > 200, 'load');
    const stopping = old.producer.stop();
    expect(await readiness(old)).toBe(503);
    // Its readiness has to be seen and told around before new connections go elsewhere: it takes new ones until then.
    await until(() => seen.goodbyes > 20, 'it goes on serving, and says goodbye');
    target = young;
    await stopping;
    const after = seen.answers;
    await until(() => seen.answers > after + 100, 'the other has them all');
    await stop();
    expect(seen.failures).toEqual([]);
    const depths = await Promise.all(
      [old, young].map(async ({ queues }) => queues.redis.llen(`${queues.prefix}:work:wait`)),
    );
    expect(depths[0] ?? 0).toBeGreaterThan(0);
    expect((depths[0] ?? 0) + (depths[1] ?? 0)).toBe(seen.answers);
  });

  test('without lingering they do fail: the case above would notice', { timeout: 60_000 }, async () => {
    const old = await open(0);
    const { seen, stop } = clientsOf(() => old, 8);
    await until(() => seen.answers > 200, 'load');
    await old.producer.stop();
    await until(() => seen.failures.length > 0, 'they fail');
    await stop();
  });
});

test('who waits for a result goes on waiting while it lingers, and gets its 202 then', async () => {
  const bench = await open(600);
  const startedMs = performance.now();
  const waiting = bench.post('work', { name: 'x' }, { prefer: 'wait=20' });
  await until(async () => (await bench.store.queue('work').snapshot()).depth === 1, 'it waits');
  const stopping = bench.producer.stop();
  expect((await waiting).status).toBe(202);
  expect(performance.now() - startedMs).toBeGreaterThan(500);
  await stopping;
});

test('a start that failed does not linger', async () => {
  const bench = await open(0);
  const startedMs = performance.now();
  await expect(
    producerBench(`http: {port: ${bench.port}, healthPort: 0, lingerMs: 20s}\nqueues: {work: {}}`),
  ).rejects.toMatchObject({ code: 'start_failed' });
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});
