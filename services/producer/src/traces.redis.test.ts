import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Log, systemClock } from '@millrace/core';
import { spanIdOf, traceIdOf } from '@millrace/telemetry';
import { afterEach, describe, expect, test } from 'vitest';
import type { SeenSpan } from '../../../tests/support/otlp-sink.ts';
import { producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';
import {
  CLIENT,
  placeIn,
  SAMPLED,
  type TracedProducer,
  tracedProducer,
  UNSAMPLED,
} from '../../../tests/support/traced-producer.ts';

const JOB = { name: 'x', data: {} };
const ADD = 'POST /v1/queues/{queue}/jobs';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function open(...options: Parameters<typeof tracedProducer>): Promise<TracedProducer> {
  const api = await tracedProducer(...options);
  opened.push(api);
  return api;
}

const byKind = (spans: readonly SeenSpan[], kind: SeenSpan['kind']) =>
  spans.filter((span) => span.kind === kind);

/** The job's own trace, from what is stored. */
async function derived({ queues }: TracedProducer, id: string, start: number) {
  const timestamp = Number(await queues.redis.hget(`${queues.prefix}:work:${id}`, 'timestamp'));
  const traceId = traceIdOf('work', id, timestamp);
  return { traceId, spanId: spanIdOf(traceId, 'work', id, start) };
}

/** That nothing more comes: a request that is kept is exported after whatever was before it. */
async function onlyThen(api: TracedProducer, spans: number): Promise<readonly SeenSpan[]> {
  await api.call('GET', '/v1/queues/work', undefined, SAMPLED);
  const isLast = ({ name, parentSpanId }: SeenSpan) =>
    name.startsWith('GET') && parentSpanId === CLIENT.spanId;
  return api.sink.until((seen) => seen.length > spans && seen.some(isLast));
}

describe('a single job', () => {
  test('of a client that keeps its trace: SERVER under its span, send under that, and the job carries on', async () => {
    const api = await open();
    const more = { tracestate: 'vendor=1', baggage: 'millrace.run.id=r7' };
    const { body, headers } = await api.post('work', JOB, { ...SAMPLED, ...more });
    const spans = await api.sink.until(2);
    const [server] = byKind(spans, 'server');
    const [send] = byKind(spans, 'producer');
    expect(server).toMatchObject({
      ...{ traceId: CLIENT.traceId, parentSpanId: CLIENT.spanId, traceState: 'vendor=1', status: 'unset' },
      name: ADD,
      attributes: { 'http.request.method': 'POST', 'http.response.status_code': 202 },
      resource: { 'service.name': 'millrace-producer' },
    });
    expect(send).toMatchObject({
      ...{ name: 'send work', traceId: CLIENT.traceId, parentSpanId: server?.spanId, traceState: 'vendor=1' },
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.message.id': body.id,
        'bullmq.job.name': 'x',
        'server.address': '127.0.0.1',
      },
    });
    expect(send?.startUs).toBeGreaterThanOrEqual(server?.startUs ?? 0);
    expect(send?.endUs).toBeLessThanOrEqual(server?.endUs ?? 0);
    expect(headers.get('traceresponse')).toBe(`00-${CLIENT.traceId}-${send?.spanId}-01`);
    expect(JSON.parse(String((await api.stored(body.id)).tm))).toEqual({
      traceparent: `00-${CLIENT.traceId}-${server?.spanId}-01`,
      ...more,
    });
  });

  test('of a client that does not: no span, its context with the job, its trace in the answer', async () => {
    const api = await open();
    const { body, headers } = await api.post('work', JOB, UNSAMPLED);
    expect(placeIn(headers.get('traceresponse'))).toMatchObject({
      traceId: CLIENT.traceId,
      isSampled: false,
    });
    expect(JSON.parse(String((await api.stored(body.id)).tm))).toEqual(UNSAMPLED);
    expect(byKind(await onlyThen(api, 0), 'producer')).toEqual([]);
  });

  test('of a client without a trace has a derived one, carries nothing, and has no span', async () => {
    const api = await open();
    const { body, headers } = await api.post('work', JOB);
    expect(placeIn(headers.get('traceresponse'))).toEqual({
      ...(await derived(api, body.id, 0)),
      isSampled: false,
    });
    expect(await api.stored(body.id)).not.toHaveProperty('tm');
    expect(byKind(await onlyThen(api, 0), 'producer')).toEqual([]);
  });

  test('that the hash keeps has its send at once, and no SERVER', async () => {
    const api = await open({ OTEL_TRACES_SAMPLER_ARG: '1' });
    const { body, headers } = await api.post('work', JOB);
    const [send] = await api.sink.until(1);
    const place = await derived(api, body.id, 0);
    expect(send).toMatchObject({ ...place, name: 'send work', kind: 'producer', parentSpanId: null });
    expect(placeIn(headers.get('traceresponse'))).toEqual({ ...place, isSampled: true });
    expect(byKind(await onlyThen(api, 1), 'server')).toHaveLength(1);
  });

  test('under always_on has a trace that begins with its request', async () => {
    const api = await open({ OTEL_TRACES_SAMPLER: 'always_on' });
    const { body, headers } = await api.post('work', JOB);
    const spans = await api.sink.until(2);
    const [server] = byKind(spans, 'server');
    expect(server).toMatchObject({ parentSpanId: null });
    expect(byKind(spans, 'producer')).toMatchObject([
      { traceId: server?.traceId, parentSpanId: server?.spanId },
    ]);
    expect(placeIn(headers.get('traceresponse')).traceId).toBe(server?.traceId);
    expect((await api.stored(body.id)).tm).toContain(server?.spanId);
    // Who only looks would fill the collector.
    await api.call('GET', '/v1/queues');
    expect(byKind(await onlyThen(api, 2), 'server')).toHaveLength(2);
  });

  test('under always_off has nothing, whatever its client does', async () => {
    const api = await open({ OTEL_TRACES_SAMPLER: 'always_off' });
    await api.post('work', JOB, SAMPLED);
    await api.producer.stop();
    expect(api.sink.exports).toEqual([]);
  });

  test('headers that are garbage are as if they were not there', async () => {
    const api = await open();
    const { status, body } = await api.post('work', JOB, {
      ...{ traceparent: '00-zz-zz-01', tracestate: '=', baggage: ';;;' },
    });
    expect(status).toBe(202);
    expect(await api.stored(body.id)).not.toHaveProperty('tm');
  });

  test('baggage alone is carried in the job’s own trace', async () => {
    const api = await open();
    const baggage = 'millrace.run.id=r7,millrace.scheduled_us=1790000000000000';
    const { body, headers } = await api.post('work', JOB, { baggage });
    expect(JSON.parse(String((await api.stored(body.id)).tm))).toEqual({ baggage });
    expect(placeIn(headers.get('traceresponse'))).toMatchObject(await derived(api, body.id, 0));
  });
});

describe('a job that was there before', () => {
  test.each([
    ['repeated with its key', { 'idempotency-key': 'k1' }, {}],
    ['deduplicated', {}, { deduplicationId: 'd1' }],
  ])('%s: the answer tells of its trace, and no second send', async (_, headers, opts) => {
    const api = await open();
    const first = await api.post('work', { ...JOB, opts }, { ...SAMPLED, ...headers });
    const other = { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-00` };
    const again = await api.post('work', { ...JOB, opts }, { ...other, ...headers });
    expect(again.body.id).toBe(first.body.id);
    expect(again.headers.get('traceresponse')).toBe(first.headers.get('traceresponse'));
    expect(byKind(await onlyThen(api, 2), 'producer')).toHaveLength(1);
  });
});

describe('an answer that waits for the job’s end', () => {
  test('has its trace too, and the request’s span lasts as long', async () => {
    const api = await open();
    await api.queues.consumer({ run: async () => ({ kind: 'ok', value: 7 }) }).start();
    const { status, headers } = await api.post('work', JOB, { ...SAMPLED, prefer: 'wait=10' });
    expect(status).toBe(200);
    expect(placeIn(headers.get('traceresponse')).traceId).toBe(CLIENT.traceId);
    const [server] = byKind(await api.sink.until(2), 'server');
    expect(server?.attributes['http.response.status_code']).toBe(200);
  });
});

describe('a refusal', () => {
  test('for the client’s reasons leaves the span unset, and says which', async () => {
    const api = await open();
    await api.store.queue('work').setBound(1);
    await api.post('work', JOB);
    const { status } = await api.post('work', JOB, SAMPLED);
    expect(status).toBe(429);
    const [server] = await api.sink.until(1);
    expect(server).toMatchObject({
      ...{ name: ADD, kind: 'server', status: 'unset' },
      attributes: { 'http.response.status_code': 429, 'millrace.problem.code': 'queue_full' },
    });
    expect(server?.attributes).not.toHaveProperty('error.type');
  });

  test('for ours is an error', async () => {
    const api = await open();
    await api.store.stop();
    expect((await api.post('work', JOB, SAMPLED)).status).toBe(503);
    const [server] = await api.sink.until(1);
    expect(server).toMatchObject({ status: 'error', attributes: { 'error.type': 'store_unavailable' } });
  });

  test('of a path that nobody serves does not make a name of it', async () => {
    const api = await open();
    await api.call('GET', '/v1/nothing/42', undefined, SAMPLED);
    expect(await api.sink.until(1)).toMatchObject([
      { name: 'GET', attributes: { 'http.response.status_code': 404 } },
    ]);
  });
});

describe('who looks', () => {
  const traceUrl = 'http://jaeger.local/trace/{traceId}?uiEmbed=v0';
  const linked = `http: {port: 0, healthPort: 0, deadlineMs: 500, traceUrl: "${traceUrl}"}\nqueues: {work: {}}`;

  test('finds a job’s trace and each attempt’s span in its details, and where to look', async () => {
    const api = await open({}, linked);
    const { body } = await api.post('work', JOB, SAMPLED);
    const url = traceUrl.replace('{traceId}', CLIENT.traceId);
    expect(body.links).toEqual({ self: `/v1/queues/work/jobs/${body.id}`, trace: url });
    await api.queues.consumer().start();
    const details = async () => (await api.call('GET', `/v1/queues/work/jobs/${body.id}`)).body;
    await until(async () => (await details()).state === 'completed', 'it has ended');
    expect(await details()).toMatchObject({
      traceId: CLIENT.traceId,
      links: { trace: url },
      attempts: [{ start: 1, spanId: spanIdOf(CLIENT.traceId, 'work', body.id, 1) }],
    });
    const page = await api.call('GET', '/v1/queues/work/jobs?state=completed');
    expect(page.body.jobs).toMatchObject([{ traceId: CLIENT.traceId }]);
  });

  test('finds it also where nothing is traced: others may trace', async () => {
    const api = await producerBench(linked);
    opened.push(api);
    const { body, headers } = await api.post('work', JOB, SAMPLED);
    expect(headers.get('traceresponse')).toBeNull();
    expect(body.links.trace).toMatch(/^http:\/\/jaeger\.local\/trace\/[0-9a-f]{32}\?uiEmbed=v0$/);
    const { body: job } = await api.call('GET', `/v1/queues/work/jobs/${body.id}`);
    expect(job.links.trace).toBe(body.links.trace);
    expect(job.opts).not.toHaveProperty('tm');
  });

  test('a queue whose traces are linked has each job in its own', async () => {
    const api = await open({}, 'http: {port: 0, healthPort: 0}\nqueues: {work: {traces: link}}');
    const { body } = await api.post('work', JOB, SAMPLED);
    const { body: job } = await api.call('GET', `/v1/queues/work/jobs/${body.id}`);
    expect(job.traceId).toBe((await derived(api, body.id, 1)).traceId);
  });
});

describe('logs', () => {
  test('the audit log names the trace: the client’s, or that of the job that was added', async () => {
    const lines: { trace: string | null; action: string }[] = [];
    const auditLog = { info: (line: object) => void lines.push(line as never) } as unknown as Log;
    const yaml = 'http: {port: 0, healthPort: 0, auditAdds: true}\nqueues: {work: {}}';
    const api = await open({}, yaml, { auditLog });
    await api.post('work', JOB, UNSAMPLED);
    const { body } = await api.post('work', JOB);
    await until(() => lines.length === 2, 'both are told of');
    expect(lines.map(({ trace }) => trace)).toEqual([
      CLIENT.traceId,
      (await derived(api, body.id, 0)).traceId,
    ]);
  });
});

test('an end sends what was written last', async () => {
  const api = await open({ OTEL_BSP_SCHEDULE_DELAY: '60000' });
  await api.post('work', JOB, SAMPLED);
  expect(api.sink.spans).toEqual([]);
  await api.producer.stop();
  expect(api.sink.spans).toHaveLength(2);
});

test('an end waits once for a collector that never answers: its spans and its last figures are sent side by side', async () => {
  const asked = new Map<string, number>();
  const hole = createServer(({ url = '' }) => void asked.set(url, systemClock.monotonicMs()));
  hole.listen(0, '127.0.0.1');
  await once(hole, 'listening');
  const { port } = hole.address() as AddressInfo;
  const api = await open({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_BSP_SCHEDULE_DELAY: '60000',
  });
  await api.post('work', JOB, SAMPLED);
  await api.producer.stop();
  hole.closeAllConnections();
  hole.close();
  expect([...asked.keys()].toSorted()).toEqual(['/v1/metrics', '/v1/traces']);
  const [first = 0, second = 0] = [...asked.values()].toSorted((a, b) => a - b);
  expect(second - first).toBeLessThan(1_500);
});

test('a collector that refuses everything costs nobody an answer', async () => {
  const api = await open();
  api.sink.answer(503);
  const answers = await Promise.all(Array.from({ length: 50 }, () => api.post('work', JOB, SAMPLED)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
});
