import { once } from 'node:events';
import { request } from 'node:http';
import { type Log, silentLog } from '@millrace/core';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type ProducerBench,
  type ProducerBenchOptions,
  producerBench,
} from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';
import { tokenLine } from './http/testing.ts';
import { parseTokens } from './http/tokens.ts';

let bench: ProducerBench;
afterEach(() => bench.close());
const open = async (options: ProducerBenchOptions = {}, yaml = '') => {
  bench = await producerBench(yaml, options);
};

const tokens = parseTokens(
  (['viewer', 'operator', 'admin'] as const)
    .map((role) => tokenLine(`the ${role}`, role, `${role}-token`))
    .join('\n'),
);
const as = (role: string) => ({ authorization: `Bearer ${role}-token` });

describe('with tokens', () => {
  test('a refused request is not read, and tells nothing of what is there', async () => {
    await open({ tokens });
    const reply = await bench.post('nowhere', 'x'.repeat(100_000));
    expect(reply.body).toMatchObject({ code: 'unauthorized' });
    expect(reply.headers.get('www-authenticate')).toBe('Bearer realm="millrace"');
  });

  test('too many wrong ones are 429 with Retry-After, and count for their address only', async () => {
    await open(
      { tokens },
      'http: {port: 0, healthPort: 0, authFailures: 5, trustedHops: 1}\nqueues: {work: {}}',
    );
    const from = (address: string, token: string) =>
      bench.call('GET', '/v1/queues', undefined, { ...as(token), 'x-forwarded-for': address });
    expect((await from('10.0.0.1', 'viewer')).status).toBe(200);
    const statuses = await Promise.all(Array.from({ length: 8 }, () => from('10.0.0.1', 'guessed')));
    expect(statuses.map(({ status }) => status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const refused = await from('10.0.0.1', 'admin');
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_failures' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await from('10.0.0.1', 'viewer')).status).toBe(200);
    expect((await from('10.0.0.2', 'admin')).status).toBe(200);
  });

  test('a stream ends when its token is taken away', async () => {
    let current = tokens;
    await open({ tokens: { fault: null, holderOf: (...asked) => current.holderOf(...asked) } });
    const listening = async (role: string) => {
      const sent = request(`${bench.url}/v1/events`, { headers: as(role) });
      sent.end();
      const [response] = await once(sent, 'response');
      expect(response.statusCode).toBe(200);
      let ended = false;
      response.on('error', () => undefined).resume();
      response.once('close', () => {
        ended = true;
      });
      return { ended: () => ended, close: () => sent.destroy() };
    };
    const admin = await listening('admin');
    const viewer = await listening('viewer');
    current = parseTokens(tokenLine('the viewer', 'viewer', 'viewer-token'));
    await until(() => admin.ended(), 'the admin’s stream is cut');
    expect(viewer.ended()).toBe(false);
    viewer.close();
  });
});

describe('the audit log', () => {
  type Line = Record<string, unknown>;
  async function audited(yaml = '') {
    const lines: Line[] = [];
    const auditLog: Log = { ...silentLog, info: (fields) => void lines.push(fields as Line) };
    await open({ tokens, auditLog }, yaml);
    return {
      lines,
      async next(count: number): Promise<Line[]> {
        await until(() => lines.length >= count, `${count} lines are written`);
        expect(lines).toHaveLength(count);
        return lines.splice(0);
      },
    };
  }
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traced = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };

  test('has a line for every change: who, what, from where, in which trace', async () => {
    const { next } = await audited();
    await bench.call('PATCH', '/v1/queues/work', { paused: true }, { ...as('operator'), ...traced });
    await bench.post('work', { name: 'x', data: 'secret' }, as('operator'));
    await bench.call('DELETE', '/v1/queues/work/jobs/1', undefined, as('admin'));
    const [change, add, removal] = await next(3);
    expect(change).toEqual({
      audit: 1,
      action: 'changeQueue',
      outcome: 'done',
      by: 'the operator',
      role: 'operator',
      address: '127.0.0.1',
      method: 'PATCH',
      path: '/v1/queues/work',
      status: 200,
      code: null,
      trace,
      target: { queue: 'work', paused: true },
    });
    expect(add).toMatchObject({
      action: 'addJobs',
      target: { queue: 'work', jobs: 1, job: '1' },
      trace: null,
    });
    expect(removal).toMatchObject({
      action: 'removeJob',
      by: 'the admin',
      target: { queue: 'work', id: '1' },
    });
    expect(JSON.stringify([change, add, removal])).not.toMatch(/-token|secret/);
  });

  test('has a line for every change that was refused, and why', async () => {
    const { next } = await audited();
    await bench.call('DELETE', '/v1/queues/work/jobs/7', undefined, as('operator'));
    await bench.call('POST', '/v1/workers/w/kill', undefined, as('operator'));
    await bench.call('POST', '/v1/workers/w/kill');
    await bench.call('PATCH', '/v1/queues/work', { bond: 7 }, as('admin'));
    await bench.call('PUT', '/v1/nothing', undefined, as('admin'));
    const lines = await next(5);
    expect(lines[1]).toMatchObject({ path: '/v1/workers/w/kill', target: { id: 'w' } });
    const refused = lines.map(({ outcome, action, by, code, status }) => [outcome, action, by, status, code]);
    expect(refused).toEqual([
      ['refused', 'removeJob', 'the operator', 404, 'not_found'],
      ['refused', 'killWorker', 'the operator', 403, 'forbidden'],
      ['refused', null, null, 401, 'unauthorized'],
      ['refused', 'changeQueue', 'the admin', 422, 'invalid_data'],
      ['refused', null, 'the admin', 404, 'not_found'],
    ]);
  });

  test('counts a bulk and a stream, and says nothing of those who only look', async () => {
    const { next, lines } = await audited();
    await bench.post('work', { jobs: [{ name: 'x' }, { name: 'y' }] }, as('operator'));
    await fetch(`${bench.url}/v1/queues/work/jobs`, {
      method: 'POST',
      headers: { ...as('operator'), 'content-type': 'application/x-ndjson' },
      body: '{"name":"a"}\nno\n{"name":"b"}\n',
    }).then((response) => response.text());
    const [bulk, stream] = await next(2);
    expect(bulk).toMatchObject({ target: { queue: 'work', jobs: 2, repeated: false } });
    expect(stream).toMatchObject({ target: { queue: 'work', jobs: 2, refused: 1 } });
    await bench.call('GET', '/v1/queues', undefined, as('viewer'));
    await bench.call('GET', '/v1/queues');
    expect(lines).toEqual([]);
  });

  test('leaves out jobs handed in where it is told to, and nothing else', async () => {
    const { next } = await audited('http: {port: 0, healthPort: 0, auditAdds: false}\nqueues: {work: {}}');
    await bench.post('work', { name: 'x' }, as('operator'));
    await bench.call('PATCH', '/v1/queues/work', { paused: true }, as('operator'));
    expect(await next(1)).toMatchObject([{ action: 'changeQueue' }]);
  });
});

describe('without tokens', () => {
  /** fetch sets these headers itself; a browser's are what matters. */
  const ask = (headers: Record<string, string>, path = '/v1/queues') =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${bench.url}${path}`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.end();
    });

  test('a page of another origin, or a name that leads here, is refused', async () => {
    await open();
    for (const path of ['/v1/queues', '/openapi.json']) {
      expect(await ask({}, path)).toBe(200);
      expect(await ask({ host: 'evil.example' }, path)).toBe(403);
      expect(await ask({ origin: 'http://evil.example' }, path)).toBe(403);
      expect(await ask({ origin: bench.url }, path)).toBe(200);
    }
  });
});
