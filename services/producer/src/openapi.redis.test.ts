import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';
import * as answers from './schemas/answers.ts';

let bench: ProducerBench;
// biome-ignore lint/suspicious/noExplicitAny: a document is read here as any reader would.
let document: any;
beforeAll(async () => {
  bench = await producerBench('queue: {bound: 50}');
  document = (await bench.call('GET', '/openapi.json')).body;
});
afterAll(() => bench.close());

describe('/openapi.json', () => {
  test('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  test('the validator would notice', async () => {
    const broken = structuredClone(document);
    broken.paths['/v1/queues'].get.responses = 'none';
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  test('has every route of the contract', () => {
    const routes = Object.entries<object>(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(
      [
        'POST /v1/queues/{queue}/jobs',
        'GET /v1/queues/{queue}/jobs',
        'GET /v1/queues/{queue}/jobs/{id}',
        'DELETE /v1/queues/{queue}/jobs/{id}',
        'POST /v1/queues/{queue}/jobs/{id}/retry',
        'POST /v1/queues/{queue}/jobs/{id}/promote',
        'GET /v1/queues',
        'GET /v1/queues/{queue}',
        'PATCH /v1/queues/{queue}',
        'PUT /v1/queues/{queue}/ledger/{reader}',
        'GET /v1/queues/{queue}/ledger/{reader}',
        'DELETE /v1/queues/{queue}/ledger/{reader}',
        'GET /v1/queues/{queue}/dead-letters',
        'GET /v1/queues/{queue}/dead-letters/{id}',
        'POST /v1/queues/{queue}/dead-letters/{id}/replay',
        'DELETE /v1/queues/{queue}/dead-letters/{id}',
        'GET /v1/pools',
        'POST /v1/pools/{pool}/resume',
        'GET /v1/scaling/{pool}',
        'GET /v1/workers',
        'POST /v1/workers/{id}/drain',
        'POST /v1/workers/{id}/kill',
        'GET /v1/tree',
        'GET /v1/recoveries',
        'GET /v1/events',
        'GET /openapi.json',
      ].sort(),
    );
  });

  test('every route that it has is answered by the server, and no operation shares an id', async () => {
    const ids: string[] = [];
    for (const [path, item] of Object.entries<Record<string, { operationId: string }>>(document.paths)) {
      for (const [method, { operationId }] of Object.entries(item)) {
        ids.push(operationId);
        if (operationId === 'listenToEvents') continue;
        const url = path.replace('{queue}', 'work').replace(/\{\w+\}/, 'nobody');
        const { status, body } = await bench.call(method.toUpperCase(), url);
        expect([405, 500]).not.toContain(status);
        expect(body.detail ?? '', `${method} ${path}`).not.toContain('There is nothing at');
      }
    }
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('every reference leads somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(30);
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name as string);
  });

  test('what a job may be is what the route takes', () => {
    const { schema } =
      document.paths['/v1/queues/{queue}/jobs'].post.requestBody.content['application/x-ndjson'];
    expect(schema.$ref).toBe('#/components/schemas/NewJob');
    const { NewJob } = document.components.schemas;
    expect(Object.keys(NewJob.properties.opts.properties)).toEqual(
      expect.arrayContaining(['priority', 'delayMs', 'attempts', 'backoff', 'deduplicationId', 'deadline']),
    );
    expect(NewJob.required).toEqual(['name']);
  });
});

describe('real answers are what it says', () => {
  const check = (schema: z.ZodType, value: unknown) =>
    expect(schema.safeParse(value).error?.issues).toBeUndefined();

  test('of adds, jobs and queues', async () => {
    check(answers.acceptedSchema, (await bench.post('work', { name: 'x' })).body);
    check(
      answers.acceptedBulkSchema,
      (await bench.post('work', { jobs: [{ name: 'x' }, { name: 'y' }] })).body,
    );
    check(answers.problemSchema, (await bench.post('work', { nme: 'x' })).body);
    check(answers.problemSchema, (await bench.post('work', { jobs: Array(49).fill({ name: 'x' }) })).body);
    await bench.queues.consumer({ run: async ({ data }) => ({ kind: 'ok', value: data }) }).start();
    check(answers.finishedSchema, (await bench.post('work', { name: 'x' }, { prefer: 'wait=20' })).body);
    await until(async () => (await bench.store.queue('work').snapshot()).counts.completed === 4, 'all ran');
    check(answers.jobSchema, (await bench.call('GET', '/v1/queues/work/jobs/1')).body);
    check(answers.jobPageSchema, (await bench.call('GET', '/v1/queues/work/jobs?state=completed')).body);
    check(answers.queueSchema, (await bench.call('GET', '/v1/queues/work')).body);
    check(answers.queuesSchema, (await bench.call('GET', '/v1/queues')).body);
  });

  test('of the ledger and of supervision', async () => {
    check(answers.ledgerReaderSchema, (await bench.call('PUT', '/v1/queues/work/ledger/me')).body);
    await bench.post('work', { name: 'x' }, { prefer: 'wait=20' });
    const page = (await bench.call('GET', '/v1/queues/work/ledger/me')).body;
    expect(page.entries).toHaveLength(1);
    check(answers.ledgerPageSchema, page);
    check(answers.workersSchema, (await bench.call('GET', '/v1/workers')).body);
    check(answers.recoveriesSchema, (await bench.call('GET', '/v1/recoveries')).body);
  });
});
