import { createHash } from 'node:crypto';
import type { Log } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';
import { parseTokens } from './http/tokens.ts';
import * as answers from './schemas/answers.ts';

const hashed = createHash('sha256').update('t').digest('hex');
const tokens = parseTokens(JSON.stringify({ id: 'night shift', role: 'operator', sha256: hashed }));
const token = { authorization: 'Bearer t' };

let bench: ProducerBench;
let written: Record<string, unknown>[];
beforeEach(async () => {
  written = [];
  const note = (fields: object) => void written.push({ ...fields });
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
  bench = await producerBench('queue: {bound: 3}', { tokens, log });
});
afterEach(() => bench.close());

const path = '/v1/queues/work/dead-letters';
const call = (method: string, url: string) => bench.call(method, url, undefined, token);
const post = (body: object) => bench.post('work', body, token);
const fits = (schema: z.ZodType, value: unknown) =>
  expect(schema.safeParse(value).error?.issues).toBeUndefined();

/** Jobs `1` … that failed for good, the newest last. */
async function deadLetters(count: number): Promise<void> {
  const consumer = bench.queues.consumer({
    run: async () => ({ kind: 'fail', error: new Error('no such page'), retry: false }),
  });
  await consumer.start();
  for (let n = 1; n <= count; n++) {
    await post({ name: 'x', data: { n } });
    await until(async () => (await bench.store.queue('work').snapshot()).counts.failed === n, 'it failed');
  }
  await consumer.stop();
}

describe('dead letters', () => {
  test('are listed newest first, page by page, and shown one by one', async () => {
    await deadLetters(3);
    const first = (await call('GET', `${path}?limit=2`)).body;
    fits(answers.deadLetterPageSchema, first);
    expect(first.letters).toMatchObject([
      { id: '3', queue: 'work', name: 'x', data: { n: 3 }, reason: 'final', error: 'no such page' },
      { id: '2', lineage: [], replayedAs: null },
    ]);
    const second = (await call('GET', `${path}?limit=2&cursor=${first.cursor}`)).body;
    expect(second).toMatchObject({ letters: [{ id: '1' }], cursor: null });
    const one = await call('GET', `${path}/2`);
    fits(answers.deadLetterSchema, one.body);
    expect(one).toMatchObject({ status: 200, body: { id: '2', data: { n: 2 }, kills: [] } });
  });

  test('that are none, or not dead, are not found', async () => {
    await post({ name: 'x' });
    for (const id of ['1', '99']) {
      for (const [method, url] of [
        ['GET', `${path}/${id}`],
        ['POST', `${path}/${id}/replay`],
        ['DELETE', `${path}/${id}`],
      ] as const) {
        expect(await call(method, url), `${method} ${url}`).toMatchObject({
          status: 404,
          body: { code: 'not_found' },
        });
      }
    }
    expect((await call('GET', '/v1/queues/work/jobs/1')).body.state).toBe('waiting');
    expect((await call('GET', '/v1/queues/wrk/dead-letters')).body.detail).toContain('did you mean "work"?');
    expect((await call('GET', `${path}?limit=0`)).status).toBe(422);
  });

  test('replayed twice are one job, which knows where it comes from', async () => {
    await deadLetters(1);
    const first = await call('POST', `${path}/1/replay`);
    fits(answers.replayedSchema, first.body);
    expect(first).toMatchObject({ status: 202, body: { queue: 'work', replayOf: '1' } });
    const { id } = first.body;
    expect(first.headers.get('location')).toBe(`/v1/queues/work/jobs/${id}`);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const second = await call('POST', `${path}/1/replay`);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect((await call('GET', `/v1/queues/work/jobs/${id}`)).body).toMatchObject({
      state: 'waiting',
      name: 'x',
      data: { n: 1 },
    });
    expect((await call('GET', `${path}/1`)).body.replayedAs).toBe(id);
    expect((await bench.store.queue('work').snapshot()).depth).toBe(1);
    const deeds = written.filter((fields) => 'audit' in fields && fields.action !== 'addJobs');
    expect(deeds).toMatchObject([
      { action: 'replayDeadLetter', by: 'night shift', target: { id: '1', job: id, repeated: false } },
      { action: 'replayDeadLetter', by: 'night shift', target: { id: '1', job: id, repeated: true } },
    ]);
  });

  test('are replayed within the bound', async () => {
    await deadLetters(1);
    for (let n = 0; n < 3; n++) await post({ name: 'x' });
    const refused = await call('POST', `${path}/1/replay`);
    expect(refused).toMatchObject({ status: 429, body: { code: 'queue_full', depth: 3, bound: 3 } });
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await bench.store.queue('work').snapshot()).depth).toBe(3);
    expect((await call('GET', `${path}/1`)).body.replayedAs).toBeNull();
  });

  test('are not replayed to a pool that is down', async () => {
    await deadLetters(1);
    const circuit = { pool: 'default', reason: 'It gave up.', sinceMs: 1, retryAtMs: null };
    await bench.store.supervision.setCircuit('work', circuit);
    expect(await call('POST', `${path}/1/replay`)).toMatchObject({
      status: 503,
      body: { code: 'circuit_open', pool: 'default', reason: 'It gave up.', retryAfterMs: 60_000 },
    });
  });

  test('are discarded for good', async () => {
    await deadLetters(2);
    expect((await call('DELETE', `${path}/1`)).status).toBe(204);
    expect((await call('DELETE', `${path}/1`)).status).toBe(404);
    expect((await call('GET', path)).body.letters).toMatchObject([{ id: '2' }]);
    expect((await call('GET', '/v1/queues/work/jobs/1')).status).toBe(404);
    const deeds = written.filter((fields) => 'audit' in fields && fields.action !== 'addJobs');
    expect(deeds).toMatchObject([
      { action: 'discardDeadLetter', by: 'night shift', outcome: 'done', target: { queue: 'work', id: '1' } },
      { action: 'discardDeadLetter', by: 'night shift', outcome: 'refused', code: 'not_found' },
    ]);
    const metrics = await (await fetch(`${bench.healthUrl}/metrics`)).text();
    expect(metrics).toContain('millrace_dead_letters_total{queue="work",deed="discarded"} 1');
  });
});
