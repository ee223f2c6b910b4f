import { spanIdOf, traceIdOf } from '@millrace/telemetry';
import { afterEach, describe, expect, test } from 'vitest';
import { gate, until } from '../../../tests/support/queue.ts';
import {
  CLIENT,
  placeIn,
  SAMPLED,
  type TracedProducer,
  tracedProducer,
  UNSAMPLED,
} from '../../../tests/support/traced-producer.ts';

const JOB = { name: 'x', data: {} };
const NDJSON = { 'content-type': 'application/x-ndjson' };
const lines = (n: number) => `${JSON.stringify(JOB)}\n`.repeat(n);

let api: TracedProducer;
afterEach(() => api.close());

const kinds = () => api.sink.spans.map(({ kind }) => kind).sort();
const tmOf = async (id: string) => {
  const { tm } = await api.stored(id);
  return tm === undefined ? null : JSON.parse(String(tm));
};
const idsOf = (answer: string): string[] =>
  answer
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id);

describe('a bulk', () => {
  test('of a client that keeps its trace: one send for all, and every job carries its place', async () => {
    api = await tracedProducer();
    const { body, headers } = await api.post('work', { jobs: Array(500).fill(JOB) }, SAMPLED);
    await api.sink.until(2);
    const [send] = api.sink.named('send work');
    const [server] = api.sink.named('POST /v1/queues/{queue}/jobs');
    expect(kinds()).toEqual(['producer', 'server']);
    expect(send).toMatchObject({
      ...{ traceId: CLIENT.traceId, parentSpanId: server?.spanId },
      attributes: { 'messaging.batch.message_count': 500, 'messaging.operation.type': 'send' },
    });
    expect(placeIn(headers.get('traceresponse'))).toMatchObject({ spanId: server?.spanId });
    for (const id of [body.ids[0], body.ids[499]]) {
      expect(await api.stored(id)).toMatchObject({ mo: 'b' });
      expect(await tmOf(id)).toEqual({ traceparent: `00-${CLIENT.traceId}-${send?.spanId}-01` });
    }
    const { body: job } = await api.call('GET', `/v1/queues/work/jobs/${body.ids[0]}`);
    expect(job.traceId).toBe(traceIdOf('work', job.id, job.createdAtMs));
  });

  test('of a client that does not: its context, and no span; of one without: nothing but how it came', async () => {
    api = await tracedProducer();
    const told = await api.post('work', { jobs: [JOB] }, UNSAMPLED);
    expect(await tmOf(told.body.ids[0])).toEqual(UNSAMPLED);
    const untold = await api.post('work', { jobs: [JOB] });
    expect(untold.headers.get('traceresponse')).toBeNull();
    expect(await tmOf(untold.body.ids[0])).toBeNull();
    expect(await api.stored(untold.body.ids[0])).toMatchObject({ mo: 'b' });
    await api.producer.stop();
    expect(api.sink.spans).toEqual([]);
  });

  test('that is repeated with its key has no second send', async () => {
    api = await tracedProducer();
    for (let time = 0; time < 2; time++) {
      await api.post('work', { jobs: [JOB] }, { ...SAMPLED, 'idempotency-key': 'k' });
    }
    await api.sink.until(3);
    expect(kinds()).toEqual(['producer', 'server', 'server']);
  });

  test('that is refused has a request’s span alone', async () => {
    api = await tracedProducer();
    await api.store.queue('work').setBound(1);
    await api.post('work', { jobs: [JOB, JOB] }, SAMPLED);
    await api.producer.stop();
    expect(kinds()).toEqual(['server']);
  });
});

describe('a stream of jobs', () => {
  test('of a client that keeps its trace is as a bulk: however long, two spans', async () => {
    api = await tracedProducer();
    const { body } = await api.post('work', lines(300), { ...NDJSON, ...SAMPLED, baggage: 'a=1' });
    await api.sink.until(2);
    const [send] = api.sink.named('send work');
    expect(send?.attributes['messaging.batch.message_count']).toBe(300);
    const last = idsOf(body).at(-1) as string;
    expect(await api.stored(last)).toMatchObject({ mo: 'b' });
    expect(await tmOf(last)).toEqual({
      traceparent: `00-${CLIENT.traceId}-${send?.spanId}-01`,
      baggage: 'a=1',
    });
    expect(kinds()).toEqual(['producer', 'server']);
  });

  test('of one that does not: each line is a job of its own', async () => {
    api = await tracedProducer({ OTEL_TRACES_SAMPLER_ARG: '1' });
    const { body } = await api.post('work', lines(3), NDJSON);
    await api.sink.until(3);
    for (const id of idsOf(body)) {
      const { body: job } = await api.call('GET', `/v1/queues/work/jobs/${id}`);
      const traceId = traceIdOf('work', id, job.createdAtMs);
      const place = { traceId, spanId: spanIdOf(traceId, 'work', id, 0), parentSpanId: null };
      expect(api.sink.spans).toContainEqual(expect.objectContaining({ ...place, name: 'send work' }));
      expect(await api.stored(id)).not.toHaveProperty('mo');
    }
  });

  test('whose client goes away in the middle tells what was stored until then', async () => {
    api = await tracedProducer();
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(lines(5))),
    });
    const abort = new AbortController();
    const sent = fetch(`${api.url}/v1/queues/work/jobs`, {
      ...{ method: 'POST', headers: { ...NDJSON, ...SAMPLED }, body, duplex: 'half', signal: abort.signal },
    } as RequestInit);
    const answer = await sent;
    await answer.body?.getReader().read();
    await until(async () => (await api.store.queue('work').snapshot()).depth === 5, 'they are stored');
    abort.abort();
    await api.sink.until(2);
    expect(api.sink.named('send work')[0]?.attributes['messaging.batch.message_count']).toBe(5);
  });
});

describe('a dead letter’s replay', () => {
  async function letter(): Promise<{ id: string; traceId: string }> {
    const { body, headers } = await api.post('work', { ...JOB, opts: { attempts: 2 } }, UNSAMPLED);
    const dying = api.queues.consumer({
      run: async () => ({ kind: 'fail', error: new Error('broken'), retry: true }),
    });
    await dying.start();
    await until(async () => (await api.store.queue('work').snapshot()).counts.failed === 1, 'it is dead');
    await dying.stop();
    return { id: body.id, traceId: placeIn(headers.get('traceresponse')).traceId };
  }

  test('carries the place of the letter’s last attempt, and has a trace of its own', async () => {
    api = await tracedProducer();
    const dead = await letter();
    const replay = () => api.call('POST', `/v1/queues/work/dead-letters/${dead.id}/replay`);
    const { body, headers } = await replay();
    const last = spanIdOf(dead.traceId, 'work', dead.id, 2);
    expect(await api.stored(body.id)).toMatchObject({ mo: 'r' });
    expect(await tmOf(body.id)).toEqual({ traceparent: `00-${dead.traceId}-${last}-01` });
    const { body: job } = await api.call('GET', `/v1/queues/work/jobs/${body.id}`);
    expect(job.traceId).not.toBe(dead.traceId);
    expect(placeIn(headers.get('traceresponse'))).toEqual({
      ...{ traceId: job.traceId, spanId: spanIdOf(job.traceId, 'work', body.id, 1), isSampled: true },
    });
    expect((await replay()).headers.get('traceresponse')).toBe(headers.get('traceresponse'));
  });

  test('carries nothing where nothing is traced', async () => {
    api = await tracedProducer({ OTEL_SDK_DISABLED: 'true' });
    const dead = await letter();
    const { body, headers } = await api.call('POST', `/v1/queues/work/dead-letters/${dead.id}/replay`);
    expect(await tmOf(body.id)).toBeNull();
    expect(headers.get('traceresponse')).toBeNull();
  });
});

test('switched off, a request’s context is not looked at and nothing is sent', async () => {
  api = await tracedProducer({ OTEL_SDK_DISABLED: 'true' });
  const { body, headers } = await api.post('work', JOB, { ...SAMPLED, baggage: 'a=1' });
  expect(headers.get('traceresponse')).toBeNull();
  expect(await tmOf(body.id)).toBeNull();
  const held = gate();
  await api.queues.consumer({ run: held.run }).start();
  await until(() => held.started.size === 1, 'it runs');
  held.finishAll();
  await api.producer.stop();
  expect(api.sink.exports).toEqual([]);
});
