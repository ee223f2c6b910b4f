import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { tokenLine } from './http/testing.ts';
import { parseTokens } from './http/tokens.ts';

const ROLES = ['viewer', 'operator', 'admin'] as const;
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;
const PAST = '2026-01-01T00:00:00Z';
const tokens = parseTokens(
  [
    ...ROLES.map((role) => tokenLine(role, role, `${role}-token`)),
    tokenLine('former admin', 'admin', 'expired-token', PAST),
  ].join('\n'),
);

/** Who sends no token, or none that is worth anything, and what they send. */
const STRANGERS = {
  anonymous: {},
  wrong: { authorization: 'Bearer guessed-token' },
  expired: { authorization: 'Bearer expired-token' },
  'other scheme': { authorization: `Basic ${btoa('admin:admin-token')}` },
  'empty token': { authorization: 'Bearer ' },
} as const;
const as = (role: string) => ({ authorization: `Bearer ${role}-token` });

interface Operation {
  readonly 'x-millrace-role'?: (typeof ROLES)[number];
  readonly security?: readonly object[];
}

let bench: ProducerBench;
let paths: Record<string, Record<string, Operation>>;
beforeAll(async () => {
  bench = await producerBench('http: {port: 0, healthPort: 0, authFailures: 1000000}\nqueues: {work: {}}', {
    tokens,
  });
  // Read without a token: that anybody may is a part of the matrix.
  paths = (await bench.call('GET', '/openapi.json')).body.paths;
});
afterAll(() => bench.close());

const urlOf = (path: string) => path.replace('{queue}', 'work').replace(/\{\w+\}/g, 'nobody');
const isFor = (role: string, least: string) => ROLES.indexOf(role as never) >= ROLES.indexOf(least as never);

/** The status alone; the rest of an answer, as of an event stream, is not waited for. */
function statusOf(method: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${bench.url}${urlOf(path)}`,
      { method: method.toUpperCase(), headers },
      (response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

function everyCase(): [path: string, method: string, operation: Operation | undefined][] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    METHODS.map((method): [string, string, Operation | undefined] => [
      path,
      method,
      operations[method === 'head' ? 'get' : method],
    ]),
  );
}

describe('every path of /openapi.json, with every method', { timeout: 90_000 }, () => {
  test('says who may: one of the roles, or anybody', () => {
    const open: string[] = [];
    for (const [path, , operation] of everyCase().filter(([, , known]) => known)) {
      if (operation?.security?.length === 0) open.push(path);
      else expect(ROLES, path).toContain(operation?.['x-millrace-role']);
    }
    expect(new Set(open)).toEqual(new Set(['/openapi.json']));
  });

  test('answers nobody 401 without a valid token, whether or not it has such a route', async () => {
    for (const [path, method, operation] of everyCase()) {
      for (const [who, headers] of Object.entries(STRANGERS)) {
        const wanted = path === '/openapi.json' ? (operation ? 200 : 405) : 401;
        expect(await statusOf(method, path, headers), `${who} ${method} ${path}`).toBe(wanted);
      }
    }
  });

  test('answers 403 to a role below its own, and neither 401 nor 403 to the others', async () => {
    let cases = 0;
    for (const [path, method, operation] of everyCase()) {
      const least = operation?.['x-millrace-role'];
      for (const role of ROLES) {
        const status = await statusOf(method, path, as(role));
        const said = `${role} ${method} ${path}`;
        if (operation && least && !isFor(role, least)) expect(status, said).toBe(403);
        else if (!operation) expect(status, said).toBe(405);
        else expect([401, 403, 405, 500], said).not.toContain(status);
        cases++;
      }
    }
    // 26 paths or so, six methods, three roles: a matrix that shrank would pass unnoticed.
    expect(cases).toBeGreaterThan(300);
  });

  test('does nothing before it has looked: what a stranger or a viewer sent changed nothing', async () => {
    const body = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"x"}' };
    for (const headers of [...Object.values(STRANGERS), as('viewer')]) {
      await fetch(`${bench.url}/v1/queues/work/jobs`, { ...body, headers: { ...body.headers, ...headers } });
    }
    expect((await bench.store.queue('work').snapshot()).depth).toBe(0);
  });
});

test('what is no path is 401 too: a stranger learns nothing about what there is', async () => {
  for (const path of [
    '/',
    '/v1',
    '/v1/nothing',
    '/metrics',
    '/livez',
    '/openapi.json/',
    '/OpenAPI.json',
    '//v1/queues',
  ]) {
    expect((await bench.call('GET', path)).status, path).toBe(401);
  }
  for (const method of ['OPTIONS', 'PURGE']) {
    expect((await bench.call(method, '/v1/queues')).status, method).toBe(401);
  }
});

test('the health port is for probes and scrapes, without a token, and serves nothing else', async () => {
  const status = async (path: string) => (await fetch(`${bench.healthUrl}${path}`)).status;
  expect([await status('/livez'), await status('/readyz'), await status('/metrics')]).toEqual([
    200, 200, 200,
  ]);
  for (const path of ['/openapi.json', '/v1/queues', '/']) expect(await status(path), path).toBe(404);
});
