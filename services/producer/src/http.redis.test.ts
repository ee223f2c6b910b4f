import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';

let bench: ProducerBench;
beforeEach(async () => {
  bench = await producerBench('queue: {bound: 5}\njob: {maxBytes: 2000}');
});
afterEach(() => bench.close());

const depth = async (queue = 'work') => (await bench.store.queue(queue).snapshot()).depth;

describe('handing in', () => {
  test('a job is accepted, told where it is, and stored as it was sent', async () => {
    const data = { a: 1, b: 2, note: '  kept  ' };
    const { status, headers, body } = await bench.post('sums', { name: 'add', data });
    expect({ status, body }).toEqual({
      status: 202,
      body: { id: '1', queue: 'sums', state: 'waiting', links: { self: '/v1/queues/sums/jobs/1' } },
    });
    expect(headers.get('location')).toBe('/v1/queues/sums/jobs/1');
    const job = await bench.call('GET', '/v1/queues/sums/jobs/1');
    expect(job.body).toMatchObject({ id: '1', name: 'add', data, state: 'waiting' });
  });

  test('a schema that changes what it checks does not change what is stored', async () => {
    await bench.post('sums', { name: 'touch', data: { a: 1 } });
    expect((await bench.call('GET', '/v1/queues/sums/jobs/1')).body.data).toEqual({ a: 1 });
  });

  test("the handler's retry policy is the job's, unless it names its own", async () => {
    await bench.post('sums', { name: 'add', data: { a: 1, b: 2 } });
    await bench.post('sums', { name: 'add', data: { a: 1, b: 2 }, opts: { attempts: 7 } });
    const opts = async (id: string) => (await bench.call('GET', `/v1/queues/sums/jobs/${id}`)).body.opts;
    const backoff = { type: 'fixed', delayMs: 10 };
    expect(await opts('1')).toMatchObject({ attempts: 3, backoff });
    expect(await opts('2')).toMatchObject({ attempts: 7, backoff });
  });

  test('the state is that of the job’s options', async () => {
    const post = async (opts: object) => (await bench.post('work', { name: 'x', opts })).body.state;
    expect(await post({ delayMs: 60_000 })).toBe('delayed');
    expect(await post({ priority: 3 })).toBe('prioritized');
  });

  test('a bulk is accepted whole, its ids in order', async () => {
    const jobs = [1, 2, 3].map((n) => ({ name: 'x', data: { n } }));
    expect(await bench.post('work', { jobs })).toMatchObject({
      status: 202,
      body: { ids: ['1', '2', '3'], queue: 'work' },
    });
    expect((await bench.call('GET', '/v1/queues/work/jobs/2')).body.data).toEqual({ n: 2 });
  });

  test('a full queue answers 429 with all that a client needs to come back', async () => {
    await bench.post('work', { jobs: Array(5).fill({ name: 'x' }) });
    const { status, headers, body } = await bench.post('work', { name: 'x' });
    expect(status).toBe(429);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ code: 'queue_full', status: 429, reason: 'jobs', depth: 5, bound: 5 });
    expect(headers.get('retry-after')).toBe(String(Math.ceil(body.retryAfterMs / 1000)));
    expect(await depth()).toBe(5);
  });

  test('a bulk that fits only in part is refused whole; one larger than the bound can never fit', async () => {
    await bench.post('work', { name: 'x' });
    expect(await bench.post('work', { jobs: Array(5).fill({ name: 'x' }) })).toMatchObject({ status: 429 });
    expect(await bench.post('work', { jobs: Array(6).fill({ name: 'x' }) })).toMatchObject({
      status: 422,
      body: { code: 'bulk_exceeds_bound', bound: 5 },
    });
    expect(await bench.post('work', { jobs: Array(10_001).fill({ name: 'x' }) })).toMatchObject({
      status: 422,
      body: { code: 'bulk_exceeds_bound', bound: 5 },
    });
    expect(await depth()).toBe(1);
  });

  test('a queue that is used is known from then on, to every producer', async () => {
    await bench.post('work', { name: 'x' });
    await until(async () => (await bench.store.board.queueNames()).includes('work'), 'it is told');
  });
});

describe('looking and steering', () => {
  test('jobs are listed by state, page by page', async () => {
    await bench.post('work', { jobs: [1, 2, 3].map((n) => ({ name: 'x', data: n })) });
    const first = (await bench.call('GET', '/v1/queues/work/jobs?limit=2')).body;
    expect(first.jobs.map((job: { id: string }) => job.id)).toEqual(['3', '2']);
    const second = await bench.call(
      'GET',
      `/v1/queues/work/jobs?state=waiting&limit=2&cursor=${first.cursor}`,
    );
    expect(second.body).toMatchObject({ jobs: [{ id: '1', data: 1 }], cursor: null });
    expect((await bench.call('GET', '/v1/queues/work/jobs?state=failed')).body.jobs).toEqual([]);
  });

  test('a queue is paused, resumed, bound and limited, and says so', async () => {
    const patch = (body: object) => bench.call('PATCH', '/v1/queues/work', body);
    expect(await patch({ paused: true, bound: 2, concurrency: 3 })).toMatchObject({
      status: 200,
      body: { name: 'work', paused: true, bound: 2, concurrency: 3 },
    });
    await bench.post('work', { jobs: Array(2).fill({ name: 'x' }) });
    expect((await bench.post('work', { name: 'x' })).body).toMatchObject({ bound: 2, retryAfterMs: 60_000 });
    expect((await patch({ paused: false, concurrency: null })).body).toMatchObject({
      paused: false,
      concurrency: null,
      depth: 2,
    });
    const { queues } = (await bench.call('GET', '/v1/queues')).body;
    expect(queues.map(({ name, depth }: { name: string; depth: number }) => [name, depth])).toEqual([
      ['sums', 0],
      ['work', 2],
    ]);
  });

  test('a job is removed, retried and promoted; where it cannot be, 409 says why', async () => {
    const on = (id: string, verb = '') => `/v1/queues/work/jobs/${id}${verb}`;
    await bench.post('work', { jobs: [{ name: 'x' }, { name: 'x', opts: { delayMs: 60_000 } }] });
    expect(await bench.call('POST', on('1', '/promote'))).toMatchObject({
      status: 409,
      body: { code: 'wrong_state' },
    });
    expect((await bench.call('POST', on('1', '/retry'))).status).toBe(409);
    expect(await bench.call('POST', on('2', '/promote'))).toMatchObject({
      status: 202,
      body: { done: 'promoted' },
    });
    expect((await bench.call('GET', on('2'))).body.state).toBe('waiting');
    expect((await bench.call('DELETE', on('1'))).status).toBe(204);
    expect(await bench.call('GET', on('1'))).toMatchObject({ status: 404, body: { code: 'not_found' } });

    const consumer = bench.queues.consumer();
    await consumer.start();
    await until(async () => (await bench.call('GET', on('2'))).body.state === 'completed', 'it ran');
    await consumer.stop();
    expect(await bench.call('POST', on('2', '/retry'))).toMatchObject({
      status: 202,
      body: { done: 'retried' },
    });
    expect((await bench.call('GET', on('2'))).body.state).toBe('waiting');
  });

  test('the ledger is read through a registered reader', async () => {
    const path = '/v1/queues/work/ledger/bench';
    expect(await bench.call('GET', path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await bench.call('PUT', path)).toMatchObject({ status: 200, body: { reader: 'bench' } });
    await bench.post('work', { name: 'x', data: { n: 1 } });
    await bench.queues.consumer().start();
    const entries = async () => (await bench.call('GET', `${path}?limit=10`)).body.entries;
    let read: { id: string; outcome: string }[] = [];
    await until(async () => {
      read = [...read, ...(await entries())];
      return read.length > 0;
    }, 'the completion is in the ledger');
    expect(read).toMatchObject([{ id: '1', outcome: 'completed', attempt: 1, start: 1, data: '{"n":1}' }]);
    expect((await bench.call('DELETE', path)).status).toBe(204);
    expect((await bench.call('DELETE', path)).status).toBe(404);
  });
});

describe('workers', () => {
  const pool = <State>(name: string, state: State) => ({
    name,
    state,
    strategy: 'one_for_one' as const,
    restart: 'permanent' as const,
    desired: 1,
    pods: 1,
    queues: ['work'],
    restarts: { used: 0, intensity: 5, periodMs: 30_000 },
    circuit: null,
  });
  const status = (nowMs: number) => ({
    atMs: nowMs,
    supervisor: { id: 'sup.1', pid: 1, startedAtMs: nowMs, leader: true },
    pods: [
      {
        id: 'pod-1',
        pool: 'default',
        pid: 2,
        host: 'here',
        state: 'running' as const,
        startedAtMs: nowMs,
        restarts: { used: 0, intensity: 5, periodMs: 30_000 },
      },
    ],
    workers: ['running' as const, 'dead' as const].map((state, slot) => ({
      id: `pod-1.${state}`,
      pod: 'pod-1',
      slot,
      pid: 3 + slot,
      host: 'here',
      state,
      queues: ['work'],
      concurrency: 16,
      busy: 0,
      startedAtMs: nowMs,
      lastBeatMs: nowMs,
      loopDelayMs: 0,
      cpuMs: 0,
      rssBytes: 1,
      heapBytes: 1,
    })),
    pools: [pool('default', 'running' as const), pool('heavy', 'open' as const)],
  });

  test('without a supervisor there is no tree, and nobody to order about', async () => {
    expect((await bench.call('GET', '/v1/workers')).body).toEqual({ workers: [] });
    expect((await bench.call('GET', '/v1/pools')).body).toEqual({ pools: [] });
    expect((await bench.call('POST', '/v1/pools/default/resume')).status).toBe(404);
    expect(await bench.call('GET', '/v1/tree')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await bench.call('POST', '/v1/workers/pod-1/drain')).status).toBe(404);
    expect((await bench.call('GET', '/v1/recoveries')).body).toEqual({ recoveries: [] });
  });

  const publish = async () => {
    const now = status(Math.round(performance.timeOrigin + performance.now()));
    await bench.store.board.publishStatus(now);
    return now;
  };
  /** The first order that is heard. The subscription begins at the stream's end of its first read: order until then. */
  const heardOf = async (order: () => Promise<unknown>) => {
    const listening = new AbortController();
    const commands = bench.store.board.commands(listening.signal)[Symbol.asyncIterator]();
    const first = commands.next();
    const heard = first.then(() => true);
    await until(async () => {
      await order();
      return Promise.race([heard, Promise.resolve(false)]);
    }, 'the order is heard');
    listening.abort();
    return (await first).value;
  };

  test('pools are shown, and resumed by name', async () => {
    const { pools } = await publish();
    expect((await bench.call('GET', '/v1/pools')).body).toEqual({ pools });
    const resume = (name: string) => bench.call('POST', `/v1/pools/${name}/resume`);
    const order = await heardOf(async () =>
      expect(await resume('heavy')).toMatchObject({
        status: 202,
        body: { order: 'resume-pool', target: 'heavy', kind: 'pool' },
      }),
    );
    expect(order).toMatchObject({ kind: 'resume-pool', worker: 'heavy', by: 'local' });
    expect(await resume('default')).toMatchObject({
      status: 409,
      body: {
        code: 'wrong_state',
        detail: 'Pool "default" is running: it has not given up, so there is nothing to resume.',
      },
    });
    const { status, body } = await resume('heavi');
    expect(status).toBe(404);
    expect(body.detail).toBe(
      'There is no pool "heavi" (did you mean "heavy"?). The pools are: default, heavy.',
    );
    expect(body.pools).toEqual(['default', 'heavy']);
  });

  test('are shown as the supervisor tells of them, and its orders carry who gave them', async () => {
    const now = await publish();
    expect((await bench.call('GET', '/v1/tree')).body).toEqual(now);
    expect((await bench.call('GET', '/v1/workers')).body.workers).toEqual(now.workers);

    const order = await heardOf(async () =>
      expect(await bench.call('POST', '/v1/workers/pod-1.running/kill')).toMatchObject({
        status: 202,
        body: { order: 'kill', target: 'pod-1.running', kind: 'worker' },
      }),
    );
    expect(order).toMatchObject({ kind: 'kill', worker: 'pod-1.running', by: 'local' });

    expect((await bench.call('POST', '/v1/workers/pod-1/drain')).body).toMatchObject({ kind: 'pod' });
    expect((await bench.call('POST', '/v1/workers/pod-1.dead/kill')).status).toBe(409);
    expect((await bench.call('POST', '/v1/workers/pod-1.runing/kill')).body.detail).toContain(
      'did you mean "pod-1.running"?',
    );
  });
});

describe('health', () => {
  const health = async (path: string) => {
    const response = await fetch(`${bench.healthUrl}${path}`);
    return { status: response.status, text: await response.text() };
  };

  test('is told on a port of its own, with counters', async () => {
    await bench.post('work', { name: 'x' });
    await bench.post('nowhere', { name: 'x' });
    expect(await health('/livez')).toEqual({ status: 200, text: 'ok\n' });
    expect(await health('/readyz')).toEqual({ status: 200, text: 'ok\n' });
    const { text } = await health('/metrics');
    const route = 'POST /v1/queues/{queue}/jobs';
    expect(text).toContain(`millrace_http_requests_total{route="${route}",status="202"} 1`);
    expect(text).toContain(`millrace_http_requests_total{route="${route}",status="404"} 1`);
    expect(text).toContain('millrace_jobs_admitted_total{queue="work"} 1');
    expect(text).toContain('millrace_store_connected 1');
    expect((await health('/v1/queues')).status).toBe(404);
  });

  test('a store that would evict jobs is told by name, and makes it not ready', async () => {
    const own = await import('../../../tests/support/store-setup.ts');
    const store = await own.startStore(['--maxmemory-policy', 'allkeys-lru']);
    const unfit = await producerBench('', { store: { url: `redis://127.0.0.1:${store.port}` } });
    try {
      const response = await fetch(`${unfit.healthUrl}/readyz`);
      expect(response.status).toBe(503);
      expect(await response.text()).toContain('"allkeys-lru"');
    } finally {
      await unfit.close();
      await store.stop();
    }
  });
});
