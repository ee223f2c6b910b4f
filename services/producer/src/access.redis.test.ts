import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { Log } from '@millrace/core';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type ProducerBench,
  type ProducerBenchOptions,
  producerBench,
} from '../../../tests/support/producer.ts';
import { parseTokens } from './http/tokens.ts';

let bench: ProducerBench;
afterEach(() => bench.close());
const open = async (options: ProducerBenchOptions = {}) => {
  bench = await producerBench('', options);
};

const lines = ['viewer', 'operator', 'admin'].map(
  (role) => `sha256:${createHash('sha256').update(`${role}-token`).digest('hex')} ${role} the ${role}`,
);
const tokens = parseTokens(lines.join('\n'));
const as = (role: string) => ({ authorization: `Bearer ${role}-token` });

/** The least role that a route answers to; null: nobody without a token. */
const NEEDS: [string, string, object | undefined, 'viewer' | 'operator' | 'admin'][] = [
  ['GET', '/v1/queues', undefined, 'viewer'],
  ['GET', '/v1/queues/work', undefined, 'viewer'],
  ['GET', '/v1/queues/work/jobs', undefined, 'viewer'],
  ['GET', '/v1/workers', undefined, 'viewer'],
  ['GET', '/v1/recoveries', undefined, 'viewer'],
  ['GET', '/v1/pools', undefined, 'viewer'],
  ['GET', '/v1/queues/work/dead-letters', undefined, 'viewer'],
  ['GET', '/v1/queues/work/dead-letters/1', undefined, 'viewer'],
  ['GET', '/openapi.json', undefined, 'viewer'],
  ['POST', '/v1/queues/work/jobs', { name: 'x' }, 'operator'],
  ['PATCH', '/v1/queues/work', { paused: false }, 'operator'],
  ['DELETE', '/v1/queues/work/jobs/1', undefined, 'operator'],
  ['POST', '/v1/queues/work/jobs/1/retry', undefined, 'operator'],
  ['PUT', '/v1/queues/work/ledger/me', undefined, 'operator'],
  ['GET', '/v1/queues/work/ledger/me', undefined, 'operator'],
  ['DELETE', '/v1/queues/work/ledger/me', undefined, 'operator'],
  ['POST', '/v1/queues/work/dead-letters/1/replay', undefined, 'operator'],
  ['DELETE', '/v1/queues/work/dead-letters/1', undefined, 'operator'],
  ['POST', '/v1/pools/default/resume', undefined, 'operator'],
  ['POST', '/v1/workers/w/drain', undefined, 'operator'],
  ['POST', '/v1/workers/w/kill', undefined, 'admin'],
];

describe('with tokens', () => {
  test('every route asks for its role', async () => {
    await open({ tokens });
    const roles = ['viewer', 'operator', 'admin'];
    for (const [method, path, body, needed] of NEEDS) {
      const anonymous = await bench.call(method, path, body);
      expect([anonymous.status, anonymous.body.code], path).toEqual([401, 'unauthorized']);
      expect(anonymous.headers.get('www-authenticate')).toContain('Bearer');
      expect((await bench.call(method, path, body, as('guessed'))).status, path).toBe(401);
      for (const role of roles) {
        const { status } = await bench.call(method, path, body, as(role));
        const isEnough = roles.indexOf(role) >= roles.indexOf(needed);
        expect(
          isEnough ? status !== 403 && status !== 401 : status === 403,
          `${role} ${method} ${path}`,
        ).toBe(true);
      }
    }
  });

  test('a refused request is not read, and tells nothing of what is there', async () => {
    await open({ tokens });
    const reply = await bench.post('nowhere', 'x'.repeat(100_000));
    expect(reply.body).toMatchObject({ code: 'unauthorized' });
    expect((await bench.call('GET', '/v1/nothing')).status).toBe(401);
  });

  test('what somebody did is written down with their name, and no token with it', async () => {
    const written: { fields: object; message: string }[] = [];
    const note = (fields: object, message: string) => void written.push({ fields, message });
    const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
    await open({ tokens, log });
    await bench.call('PATCH', '/v1/queues/work', { paused: true }, as('operator'));
    await bench.post('work', { name: 'x', data: 'secret' }, as('operator'));
    await bench.call('DELETE', '/v1/queues/work/jobs/1', undefined, as('admin'));
    expect(written.map(({ fields }) => fields)).toMatchObject([
      { audit: 'queue.change', by: 'the operator', target: { queue: 'work', paused: true } },
      { audit: 'job.remove', by: 'the admin', target: { queue: 'work', job: '1' } },
    ]);
    expect(JSON.stringify(written)).not.toMatch(/-token|secret/);
  });
});

describe('without tokens', () => {
  /** fetch sets these headers itself; a browser's are what matters. */
  const ask = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${bench.url}/v1/queues`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.end();
    });

  test('a page of another origin, or a name that leads here, is refused', async () => {
    await open();
    expect(await ask({})).toBe(200);
    expect(await ask({ host: 'evil.example' })).toBe(403);
    expect(await ask({ origin: 'http://evil.example' })).toBe(403);
    expect(await ask({ origin: bench.url })).toBe(200);
  });
});
